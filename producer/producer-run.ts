import type { Clock } from '../core/clock.ts';
import type { ReelstreamError } from '../core/errors.ts';
import type { RunId } from '../core/event-id.ts';
import type { Logger } from '../core/logger.ts';
import type { Metrics } from '../core/metrics-port.ts';
import type { RateProfile } from '../core/pace.ts';
import type { RatingEvent } from '../core/rating-event.ts';
import type { LogWriter } from '../kafka/log-writer.ts';
import type { EventSource } from './event-source.ts';
import type { EventCounts, ScheduleDelay } from './meter.ts';

export interface ProducerDeps {
  readonly writer: LogWriter;
  readonly encode: (event: RatingEvent) => Buffer;
  readonly source: EventSource;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Every event below `next` is acknowledged; durable when it resolves. */
  readonly saveNext: (next: number) => Promise<void>;
  readonly onProgress?: ((progress: ProducerProgress) => void) | undefined;
  /** aborted = stop scheduling, flush, report */
  readonly signal?: AbortSignal | undefined;
}

export interface ProducerOptions {
  readonly topic: string;
  readonly runId: RunId;
  /** event number to begin with */
  readonly first: number;
  readonly profile: RateProfile;
  /** events in all; default as many as the source has */
  readonly count?: number | undefined;
  readonly durationMs?: number | undefined;
  /** longest wait for acknowledgements at the end */
  readonly flushDeadlineMs: number;
  /** default 1 s */
  readonly checkpointIntervalMs?: number | undefined;
  /** most events sent beyond the saved position; default 50,000 */
  readonly maxUnconfirmedEvents?: number | undefined;
}

export interface ProducerProgress extends EventCounts {
  readonly elapsedMs: number;
  readonly targetRate: number;
  /** events generated per second since the last progress */
  readonly rate: number;
  /** event number that comes next */
  readonly next: number;
}

/** `limit`: count or duration; `too_slow`: the duration is over and the schedule could not be caught up. */
export type StopReason = 'limit' | 'source_end' | 'signal' | 'too_slow' | 'failure';

export interface ProducerReport extends EventCounts {
  readonly stoppedBy: StopReason;
  readonly elapsedMs: number;
  /** events per second that the profile asked for, and that were acknowledged */
  readonly targetRate: number;
  readonly achievedRate: number;
  /** due and never generated, because the run was stopped or could not catch up */
  readonly missed: number;
  readonly scheduleDelay: ScheduleDelay;
  readonly first: number;
  /** where the next run goes on: every event below is acknowledged */
  readonly next: number;
  readonly error: ReelstreamError | null;
}
