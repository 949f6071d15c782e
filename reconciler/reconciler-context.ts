import type { ClickHouse } from '../clickhouse/connection.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { ForgetfulMetrics } from '../core/metrics-port.ts';
import type { RatingEvent } from '../core/rating-event.ts';
import type { KafkaAdmin } from '../kafka/admin.ts';
import type { PartitionWriter } from '../kafka/partition-writer.ts';
import type { FileChecks } from './checks-file.ts';

export interface ReconcilerOptions {
  readonly topic: string;
  /** the group whose position is in the tables */
  readonly sinkGroup: string;
  /** every group that must be reading, the sink's among them */
  readonly groups: readonly string[];
  readonly intervalMs: number;
  readonly lagIntervalMs: number;
  /** 0 = none are sent */
  readonly canaryIntervalMs: number;
  readonly checksIntervalMs: number;
  /** longest wait for one measure */
  readonly deadlineMs: number;
  readonly toleranceRatio: number;
  readonly dipThresholdRatio: number;
  readonly minRows: number;
  readonly settleMs: number;
  readonly rangeRecords: number;
}

export interface ReconcilerParts {
  readonly clickhouse: ClickHouse;
  readonly admin: Pick<KafkaAdmin, 'clusterId' | 'bounds' | 'committed'>;
  readonly writer: Pick<PartitionWriter, 'write'>;
  readonly encode: (event: RatingEvent) => Promise<Buffer>;
  readonly newEventId: () => Uint8Array;
  /** positions that a group's process tells itself; null when it does not answer, or nobody knows how to ask */
  readonly told: (group: string) => Promise<ReadonlyMap<number, number> | null>;
  /** checks that a file adds to the program's own */
  readonly fileChecks: FileChecks;
  readonly metrics: ForgetfulMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface ReconcilerContext {
  readonly options: ReconcilerOptions;
  readonly parts: ReconcilerParts;
  /** group -> whether it is meant to be reading now */
  readonly expected: Map<string, boolean>;
}
