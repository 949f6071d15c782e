import type { FilmIndex } from '../clickhouse/film-index.ts';
import type { ClaimedSlot, SinkStore } from '../clickhouse/sink-store.ts';
import type { Clock } from '../core/clock.ts';
import type { ReelstreamError } from '../core/errors.ts';
import type { Decode } from '../core/judge.ts';
import type { Logger } from '../core/logger.ts';
import type { Metrics } from '../core/metrics-port.ts';
import type { Fetch, LogReader } from '../kafka/log-reader.ts';
import type { WriteDeadLetters } from './dead-letters.ts';
import type { LogProbe } from './log-probe.ts';
import type { Outcome } from './outcome.ts';
import type { ClaimLane, OwnedSlot } from './owned-slot.ts';
import type { SinkBatch } from './sink-batch.ts';
import type { SinkMetrics } from './sink-metrics.ts';
import type { Recovery } from './take-over.ts';

export interface SinkOptions {
  readonly topic: string;
  readonly group: string;
  /** events older than this at their Kafka time are marked late */
  readonly allowedLatenessMs: number;
  readonly flushMinIntervalMs: number;
  readonly flushMaxIntervalMs: number;
  readonly maxBatchRows: number;
  readonly maxBatchBytes: number;
  /** longest wait for one INSERT; then its outcome is unknown */
  readonly insertTimeoutMs: number;
  /** longest silence of a claim; longer than the store's own drain */
  readonly stallTimeoutMs: number;
  /** longest wait for the acknowledgement of dead letters, then they are written again */
  readonly deadLetterTimeoutMs: number;
  /** how long a revoked partition may take to flush what it has; below the group's rebalance time-out */
  readonly revokeTimeoutMs: number;
  /** the same when the process stops */
  readonly drainTimeoutMs: number;
  /** first and longest wait between tries while ClickHouse is away */
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  /** wait before a slot that another sink took is claimed again: a rebalance on its way should be seen first */
  readonly fencedRetryMs?: number;
  readonly commitIntervalMs?: number;
}

/** What a sink is built from. */
export interface SinkParts {
  readonly reader: LogReader;
  readonly store: SinkStore;
  readonly probe: LogProbe;
  readonly decoder: {
    readonly decode: Decode;
    learn(schemaId: number, writerSchema: string): boolean;
    learnUnknown(schemaId: number): void;
  };
  /** text of a schema, null when it is certain that there is none; throws `unavailable` */
  readonly schemaOf: (schemaId: number, signal?: AbortSignal) => Promise<string | null>;
  readonly writeDeadLetters: WriteDeadLetters;
  /** the newest catalogue; asked when a batch begins */
  readonly films: () => FilmIndex;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** What a flush made durable. */
export interface Flushed {
  /** slots whose rows were in the INSERT; the others had been lost before it */
  readonly sent: ReadonlySet<OwnedSlot>;
  readonly rows: number;
}

/** Everything that can happen to a sink. */
export type SinkEvent =
  | { readonly kind: 'assigned'; readonly partitions: readonly number[] }
  | { readonly kind: 'revoked'; readonly partitions: readonly number[]; readonly done: () => void }
  | { readonly kind: 'lost'; readonly partitions: readonly number[] }
  | { readonly kind: 'fetched'; readonly fetch: Fetch; readonly release: () => void }
  | {
      readonly kind: 'claimed';
      readonly lane: ClaimLane;
      readonly seconds: number;
      readonly slots: readonly OwnedSlot[];
      readonly outcome: Outcome<readonly ClaimedSlot[]>;
    }
  | {
      readonly kind: 'recovered';
      readonly slot: OwnedSlot;
      readonly claimed: ClaimedSlot;
      readonly outcome: Outcome<Recovery>;
    }
  | { readonly kind: 'flushed'; readonly outcome: Outcome<Flushed> }
  | { readonly kind: 'schemas_resolved'; readonly slot: OwnedSlot; readonly outcome: Outcome<void> }
  | { readonly kind: 'unreadable'; readonly partition: number; readonly error: ReelstreamError }
  | { readonly kind: 'failed'; readonly error: ReelstreamError }
  | { readonly kind: 'stop'; readonly done: () => void };

/** The state of a sink. Only the loop in sink.ts calls code that changes it. */
export interface SinkContext {
  readonly options: Required<SinkOptions>;
  readonly parts: SinkParts;
  readonly metrics: SinkMetrics;
  readonly post: (event: SinkEvent) => void;
  /** by partition */
  readonly owned: Map<number, OwnedSlot>;
  /** filling */
  batch: SinkBatch<OwnedSlot>;
  /** sent, not answered */
  inFlight: SinkBatch<OwnedSlot> | null;
  /** nothing new is taken on: the process is ending */
  draining: boolean;
}
