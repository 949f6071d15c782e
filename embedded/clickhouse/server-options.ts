import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { RequestRecord } from './request-log.ts';
import type { User } from './users.ts';

export interface ClickHouseServerOptions {
  /** the engine's files, its configuration, the request log and the marker of a clean stop */
  readonly dataDir: string;
  /** bodies and named pipes, emptied at start; memory-backed by default */
  readonly scratchDir?: string;
  readonly host?: string;
  /** 0 takes a free one */
  readonly port: number;
  /** `default` without a password, by default */
  readonly users?: readonly User[];
  /** names, other than this machine's, that clients may call it by */
  readonly allowedHosts?: readonly string[];
  readonly memoryLimitBytes?: number;
  /** the process needs `threadsNeeded` of these (UV_THREADPOOL_SIZE, set before it starts) */
  readonly maxConcurrentQueries?: number;
  /** how long a statement may wait for a place before it is told to come back */
  readonly queueWaitMs?: number;
  /** of one request, as sent */
  readonly maxBodyBytes?: number;
  /** of the bodies of all requests together, and again of all answers that are held back */
  readonly maxScratchBytes?: number;
  /** a client that takes nothing of its answer for this long is given up */
  readonly sendTimeoutMs?: number;
  /** at a stop, statements may run on for this long; then they are killed */
  readonly drainTimeoutMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** called once per request */
  readonly onRequest?: (record: RequestRecord) => void;
  readonly exposeMetrics?: () => Promise<{ contentType: string; body: string }>;
}

export interface ServerStatus {
  readonly version: string;
  /** differs after every start: how a client notices that the server was restarted */
  readonly instanceId: string;
  readonly startedAtMs: number;
  readonly uptimeMs: number;
  /** the stop before this start was an orderly one */
  readonly wasCleanStop: boolean;
  /** there was no data before this start, and so no stop either */
  readonly isFirstStart: boolean;
  readonly stopping: boolean;
  readonly running: readonly { queryId: string; user: string; keyword: string; elapsedMs: number }[];
  readonly sessions: number;
  readonly scratchBytes: number;
  readonly rssBytes: number;
}

export const CLICKHOUSE_SERVER_DEFAULTS = {
  maxConcurrentQueries: 16,
  queueWaitMs: 5_000,
  memoryLimitBytes: 1_200_000_000,
  maxBodyBytes: 1_000_000_000,
  maxScratchBytes: 4_000_000_000,
  sendTimeoutMs: 120_000,
  drainTimeoutMs: 15_000,
} as const;
