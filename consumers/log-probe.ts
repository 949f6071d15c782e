import type { LogRecord } from '../core/log-record.ts';

/** The log as seen beside the group, to compare it with the tables before anything is written. */
export interface LogProbe {
  /** which cluster this is, and how many partitions the topic has now */
  describe(): Promise<{ readonly clusterId: string; readonly partitionCount: number }>;
  /** first offset that the log still holds, and the offset behind its last record */
  bounds(partition: number): Promise<{ readonly start: number; readonly end: number }>;
  /** the record at exactly this offset, null when the log holds none there */
  recordAt(partition: number, offset: number): Promise<LogRecord | null>;
}
