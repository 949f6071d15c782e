import type { Clock } from '../../core/clock.ts';
import type { ReelstreamError } from '../../core/errors.ts';
import type { HistogramCounts } from '../../core/histogram.ts';
import type { Logger } from '../../core/logger.ts';
import type { LimitedSchedule } from '../../core/schedule/limit.ts';
import type { LogWriter } from '../../kafka/log-writer.ts';
import type { CatchCounts } from '../faults/to-catch.ts';
import type { LedgerWriter } from '../ledger/ledger.ts';
import type { DelayPoint } from '../measure/delay-point.ts';
import type { Lane } from './lane.ts';
import type { Resolution } from './resolution.ts';
import type { SenderDeps } from './sender.ts';

/**
 * What happens to events that are due and cannot be sent in time. catch_up: they are sent as soon as they can be, and their
 * wait counts as delay. drop: what is too late is left out, and counted. block: the schedule stands still while there is no
 * room, as a closed loop would have it.
 */
export const OVERLOAD_POLICIES = ['catch_up', 'drop', 'block'] as const;
export type OverloadPolicy = (typeof OVERLOAD_POLICIES)[number];

export interface LoadRunDeps extends Omit<SenderDeps, 'eventId' | 'resolution' | 'toCatch'> {
  readonly writer: LogWriter;
  readonly ledger: LedgerWriter | null;
  /** gets the writer's report of each record, by `settle` */
  readonly resolution: Resolution;
  readonly schedule: LimitedSchedule;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every event below `next` is resolved; durable when it resolves. */
  readonly saveNext?: ((next: number) => Promise<void>) | undefined;
  /** every event below it is resolved, of all workers; default what this worker knows of its own */
  readonly resolvedBelow?: (() => number) | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** aborted = stop scheduling, flush, report */
  readonly signal?: AbortSignal | undefined;
}

export interface LoadRunOptions extends Lane {
  readonly runId: string;
  /** wall clock, ms since 1970; workers begin together. Default now. */
  readonly startTsMs?: number | undefined;
  readonly durationMs?: number | undefined;
  /** events intended before are sent and not measured; default 0 */
  readonly warmupMs?: number | undefined;
  readonly overload?: OverloadPolicy | undefined;
  /** drop: longest wait; default 100 ms */
  readonly dropAfterMs?: number | undefined;
  /** how long events of a `durationMs` that is over may still be caught up; default 5 s */
  readonly catchUpMs?: number | undefined;
  /** no event n is sent before event n - runAhead is resolved */
  readonly runAhead: number;
  /** longest wait for acknowledgements at the end */
  readonly flushDeadlineMs: number;
  /** default 1 s */
  readonly checkpointIntervalMs?: number | undefined;
  /** default 250 ms */
  readonly progressIntervalMs?: number | undefined;
  /** a record that Kafka does not take ends the run; default false: it is counted */
  readonly stopOnFailure?: boolean | undefined;
}

/** Events, not records: an event and its copies count once. generated = acknowledged + keptBack + failed + inFlight. */
export interface EventCounts {
  readonly generated: number;
  readonly acknowledged: number;
  readonly failed: number;
  /** generated, and held back on purpose by a drop fault */
  readonly keptBack: number;
  readonly inFlight: number;
  /** never generated: overload policy */
  readonly overloaded: number;
}

export interface RecordCounts {
  /** handed to the writer */
  readonly records: number;
  readonly recordsAcknowledged: number;
  readonly recordsFailed: number;
  readonly bytes: number;
}

/** What was measured since the last progress; microseconds. */
export interface MeasuredDelays {
  /** intended time to hand-over to the client */
  readonly schedule: HistogramCounts;
  /** intended time to acknowledgement, of every record */
  readonly delivery: HistogramCounts;
}

/** Plain data: it travels from workers to their parent. */
export interface LoadProgress extends EventCounts, RecordCounts {
  readonly elapsedMs: number;
  readonly targetRate: number;
  /** own events that were due by now */
  readonly due: number;
  /** own event number that comes next; every own event below `resolved` is resolved */
  readonly next: number;
  readonly resolved: number;
  readonly delays: MeasuredDelays;
  /** block: how long the schedule has waited in all */
  readonly blockedMs: number;
  /** events changed on purpose so far */
  readonly byLabel: Readonly<Record<string, number>>;
  /** acknowledged records that must be caught */
  readonly toCatch: CatchCounts;
}

/** Of the measured time, without warm-up. */
export interface MeasuredShare {
  readonly due: number;
  /** events that got there, or were kept back on purpose */
  readonly acknowledged: number;
  /** the time over which they were, and should have been */
  readonly ms: number;
  readonly plannedMs: number;
}

/**
 * `limit`: count or duration; `too_slow`: the duration is over and the schedule could not be caught up; `reader_gone`: whoever
 * read what was printed has left.
 */
export type StopReason = 'limit' | 'source_end' | 'signal' | 'too_slow' | 'failure' | 'reader_gone';

export interface LoadReport extends EventCounts, RecordCounts {
  readonly stoppedBy: StopReason;
  readonly elapsedMs: number;
  readonly measured: MeasuredShare;
  /** after the last event had been sent: until the last answer, or until nobody waited any more */
  readonly flushMs: number;
  /** due and never generated, because the run was stopped or could not catch up */
  readonly missed: number;
  readonly blockedMs: number;
  readonly first: number;
  /** every own event below it is resolved */
  readonly next: number;
  readonly byLabel: Readonly<Record<string, number>>;
  /** how late timers of the process fired, for whoever watched; of several workers the worst */
  readonly loopDelay?: DelayPoint | undefined;
  readonly error: ReelstreamError | null;
}
