import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ReelstreamError, toReelstreamError } from '../core/errors.ts';
import { createEventIds } from '../core/event-id.ts';
import { createPacer, type Pacer } from '../core/pace.ts';
import { keyOfUser } from '../core/user-key.ts';
import type { LogWriter } from '../kafka/log-writer.ts';
import { createMeter, eventCounts, type Meter } from './meter.ts';
import type { ProducerDeps, ProducerOptions, ProducerReport, StopReason } from './producer-run.ts';

const TICK_MS = 5;
/** Writing on for longer without a pause would keep signals, timers and delivery reports waiting. */
const SLICE_MS = 10;
const PROGRESS_INTERVAL_MS = 250;
/** How long events of a `durationMs` that is over may still be caught up. */
const CATCH_UP_MS = 5_000;
const CHECKPOINT_INTERVAL_MS = 1_000;
const BARRIER_DEADLINE_MS = 1_000;
/**
 * A crash repeats at most this many events. It must stay well below the sink's duplicate window (100,000 offsets of one
 * Kafka partition): a repeat that comes later than that would count twice.
 */
const MAX_UNCONFIRMED_EVENTS = 50_000;

/**
 * Sends a source's events on an open-loop schedule until a limit, the source's end, a signal or a failure.
 * The position only moves past events that a barrier found acknowledged; what a crash leaves beyond it is sent again
 * under the same ids. Does not close the writer, and does not throw for what Kafka or the disk do: see `error`.
 */
export function runProducer(deps: ProducerDeps, options: ProducerOptions): Promise<ProducerReport> {
  return new ProducerRun(deps, options).run();
}

class ProducerRun {
  readonly #deps: ProducerDeps;
  readonly #options: ProducerOptions;
  readonly #available: number;
  readonly #pacer: Pacer;
  readonly #meter: Meter;
  readonly #eventId: (eventNumber: number) => Uint8Array;
  readonly #startMs: number;
  readonly #startTsMs: number;
  /** events handed over, and how many of them a barrier confirmed; counted from `first` */
  #issued = 0;
  #confirmed = 0;
  #checkpointAtMs = 0;
  #progressAtMs = 0;
  #progressIssued = 0;

  constructor(deps: ProducerDeps, options: ProducerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#available = Math.max(0, deps.source.length - options.first);
    this.#pacer = createPacer(options.profile, {
      count: Math.min(this.#available, options.count ?? Number.POSITIVE_INFINITY),
      ...(options.durationMs === undefined ? {} : { durationMs: options.durationMs }),
    });
    this.#meter = createMeter(deps.metrics, options.topic);
    this.#eventId = createEventIds(options.runId);
    this.#startMs = deps.clock.monotonicMs();
    this.#startTsMs = deps.clock.nowMs();
  }

  async run(): Promise<ProducerReport> {
    let stoppedBy: StopReason = 'failure';
    let stoppedAtMs = Number.NaN;
    let error: ReelstreamError | null = null;
    try {
      stoppedBy = await this.#loop();
      stoppedAtMs = this.#elapsedMs();
      await this.#checkpoint(this.#options.flushDeadlineMs);
    } catch (thrown) {
      stoppedBy = 'failure';
      error = toReelstreamError(thrown);
      this.#deps.logger.error({ code: error.code, error: error.message }, 'the producer stops');
    }
    this.#publish(0);
    return this.#report(stoppedBy, Number.isNaN(stoppedAtMs) ? this.#elapsedMs() : stoppedAtMs, error);
  }

  async #loop(): Promise<StopReason> {
    const { clock, writer, signal } = this.#deps;
    const { maxUnconfirmedEvents = MAX_UNCONFIRMED_EVENTS, checkpointIntervalMs = CHECKPOINT_INTERVAL_MS } =
      this.#options;
    for (;;) {
      const reason = this.#reasonToStop();
      if (reason) return reason;
      const outcome = this.#sendDue(this.#confirmed + maxUnconfirmedEvents);
      const nowMs = this.#elapsedMs();
      if (nowMs - this.#progressAtMs >= PROGRESS_INTERVAL_MS) this.#publish(this.#pacer.rateAt(nowMs));
      const unconfirmed = this.#issued - this.#confirmed;
      const checkpointIsDue = unconfirmed > 0 && nowMs - this.#checkpointAtMs >= checkpointIntervalMs;
      if (checkpointIsDue || unconfirmed >= maxUnconfirmedEvents) {
        if (!(await this.#checkpoint(BARRIER_DEADLINE_MS))) await clock.sleep(TICK_MS, signal);
      } else if (outcome === 'full') await untilRoom(writer, signal);
      else if (outcome === 'behind') await nextTurn();
      else await clock.sleep(TICK_MS, signal);
    }
  }

  #reasonToStop(): StopReason | null {
    const { durationMs } = this.#options;
    if (this.#deps.signal?.aborted) return 'signal';
    if (this.#deps.writer.counts().failed > 0) return 'failure';
    if (this.#issued === this.#available) return 'source_end';
    if (this.#issued === this.#pacer.total) return 'limit';
    return durationMs !== undefined && this.#elapsedMs() > durationMs + CATCH_UP_MS ? 'too_slow' : null;
  }

  #sendDue(barrier: number): 'caught_up' | 'behind' | 'full' {
    const startMs = this.#elapsedMs();
    const due = Math.min(this.#pacer.dueBy(startMs), barrier);
    while (this.#issued < due) {
      if (!this.#sendNext()) return 'full';
      const nowMs = this.#elapsedMs();
      this.#meter.recordDelay(nowMs - this.#pacer.intendedMs(this.#issued));
      this.#issued += 1;
      if (nowMs - startMs >= SLICE_MS) return 'behind';
    }
    return 'caught_up';
  }

  /** False: the queue is full and the event is still to be sent. */
  #sendNext(): boolean {
    const eventNumber = this.#options.first + this.#issued;
    const intendedTsMs = this.#startTsMs + this.#pacer.intendedMs(this.#issued);
    const content = this.#deps.source.content(eventNumber, intendedTsMs);
    const value = this.#deps.encode({ eventId: this.#eventId(eventNumber), ...content });
    if (!this.#deps.writer.tryWrite(keyOfUser(content.userId), value)) return false;
    this.#meter.recordBytes(value.length);
    return true;
  }

  /** Saves the position when everything sent so far is acknowledged in time; otherwise (false) it stays where it was. */
  async #checkpoint(deadlineMs: number): Promise<boolean> {
    const flushed = await this.#flushed(deadlineMs);
    if (flushed && this.#issued > this.#confirmed) {
      await this.#deps.saveNext(this.#options.first + this.#issued);
      this.#confirmed = this.#issued;
      this.#meter.acknowledgeBytes();
    }
    this.#checkpointAtMs = this.#elapsedMs();
    return flushed;
  }

  async #flushed(deadlineMs: number): Promise<boolean> {
    try {
      return (await this.#deps.writer.flush(deadlineMs)).failed === 0;
    } catch (thrown) {
      const error = toReelstreamError(thrown);
      if (error.code === 'timeout') return false;
      throw error;
    }
  }

  #publish(targetRate: number): void {
    const counts = eventCounts(this.#deps.writer.counts());
    const elapsedMs = this.#elapsedMs();
    const sinceMs = Math.max(1, elapsedMs - this.#progressAtMs);
    const rate = ((this.#issued - this.#progressIssued) / sinceMs) * 1_000;
    this.#progressAtMs = elapsedMs;
    this.#progressIssued = this.#issued;
    this.#meter.publish(counts, targetRate);
    const next = this.#options.first + this.#issued;
    this.#deps.onProgress?.({ ...counts, elapsedMs, targetRate, rate, next });
  }

  #report(stoppedBy: StopReason, stoppedAtMs: number, error: ReelstreamError | null): ProducerReport {
    const counts = eventCounts(this.#deps.writer.counts());
    // the last event has its share of time too: 10 events at 10/s take a second, not 0.9
    const dueMs = this.#issued > 0 ? this.#pacer.intendedMs(this.#issued) : 0;
    const spentMs = Math.max(1, stoppedAtMs, dueMs);
    const plannedMs = Math.max(1, Math.min(spentMs, this.#pacer.intendedMs(this.#pacer.total)));
    return {
      ...counts,
      stoppedBy,
      elapsedMs: this.#elapsedMs(),
      targetRate: (this.#options.profile.integral(plannedMs) / plannedMs) * 1_000,
      achievedRate: (counts.acknowledged / spentMs) * 1_000,
      missed: this.#pacer.dueBy(stoppedAtMs) - this.#issued,
      scheduleDelay: this.#meter.scheduleDelay(),
      first: this.#options.first,
      next: this.#options.first + this.#confirmed,
      error,
    };
  }

  #elapsedMs(): number {
    return this.#deps.clock.monotonicMs() - this.#startMs;
  }
}

/** Resolves also on the signal; what killed the writer rejects here and ends the run. */
async function untilRoom(writer: LogWriter, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return writer.room();
  let wake = () => {};
  const aborted = new Promise<void>((resolve) => {
    wake = resolve;
    signal.addEventListener('abort', wake, { once: true });
  });
  try {
    await Promise.race([writer.room(), aborted]);
  } finally {
    signal.removeEventListener('abort', wake);
  }
}
