import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import { createEventIds } from '../../core/event-id.ts';
import { createToCatch } from '../faults/to-catch.ts';
import { numberOf, ownOf, placeOf } from './lane.ts';
import type { LoadReport, LoadRunDeps, LoadRunOptions, StopReason } from './load-run.ts';
import { createPositions, type Positions } from './positions.ts';
import { createSender, type Sender } from './sender.ts';
import { createStandstill } from './standstill.ts';
import { eventOfTag, isHeldBack } from './tags.ts';
import { createTally, type Standing, type Tally } from './tally.ts';

const TICK_MS = 5;
/** Writing on for longer without a pause would keep signals, timers and delivery reports waiting. */
const SLICE_MS = 10;
/** Events between two looks at the clock: a look costs as much as a tenth of an event. */
const EVENTS_PER_LOOK = 16;
const PROGRESS_INTERVAL_MS = 250;
/** A queue may stay full for long: signals, the end of the run and progress are looked at meanwhile. */
const ROOM_LOOK_MS = 100;
const CATCH_UP_MS = 5_000;
const CHECKPOINT_INTERVAL_MS = 1_000;
const DROP_AFTER_MS = 100;

type Outcome = 'caught_up' | 'behind' | 'full' | 'ahead';

/**
 * Sends a source's events on an open-loop schedule until a limit, the source's end, a signal or a failure. Does not close
 * the writer or the ledger, and does not throw for what Kafka or the disk do: see `error`.
 */
export function runLoad(deps: LoadRunDeps, options: LoadRunOptions): LoadRun {
  return new LoadRun(deps, options);
}

export class LoadRun {
  readonly #deps: LoadRunDeps;
  readonly #options: LoadRunOptions;
  readonly #sender: Sender;
  readonly #tally: Tally;
  readonly #toCatch = createToCatch();
  readonly #positions: Positions;
  readonly #startMs: number;
  readonly #available: number;
  #issued = 0;
  /** block: the schedule, while there is no room */
  readonly #standstill = createStandstill();
  #checkpointAtMs = 0;
  #progressAtMs = 0;

  constructor(deps: LoadRunDeps, options: LoadRunOptions) {
    this.#deps = deps;
    this.#options = options;
    const nowTsMs = deps.clock.nowMs();
    const startTsMs = options.startTsMs ?? nowTsMs;
    this.#startMs = deps.clock.monotonicMs() + (startTsMs - nowTsMs);
    this.#available = ownOf(options, Math.max(0, deps.source.length - options.first));
    const eventId = createEventIds(options.runId);
    this.#sender = createSender({ ...deps, eventId, toCatch: this.#toCatch }, options, startTsMs);
    this.#tally = createTally(deps, options, this.#sender, this.#toCatch);
    this.#positions = createPositions(deps, options);
  }

  /** A record got its answer. What a fault held back is not measured: it was late on purpose. */
  settle(tag: number, failed: boolean): void {
    const i = eventOfTag(tag);
    const intendedMs = this.#deps.resolution.settle(i, failed);
    this.#toCatch.settled(i, failed);
    if (!failed && !isHeldBack(tag)) this.#tally.acknowledged(i, this.#elapsedMs() - intendedMs);
  }

  /** From `atMs` after the start on, the rate is `factor` times what the profile says. */
  scale(atMs: number, factor: number): void {
    this.#deps.schedule.scale(atMs, factor);
  }

  get elapsedMs(): number {
    return this.#elapsedMs();
  }

  async run(): Promise<LoadReport> {
    let stoppedBy: StopReason = 'failure';
    let stoppedAtMs = Number.NaN;
    let error: ReelstreamError | null = null;
    try {
      stoppedBy = await this.#loop();
      stoppedAtMs = this.#elapsedMs();
      await this.#finish();
      error = this.#positions.error;
    } catch (thrown) {
      error = toReelstreamError(thrown);
    }
    if (error) stoppedBy = 'failure';
    this.#publish(0);
    const ending = {
      stoppedBy,
      stoppedAtMs: Number.isNaN(stoppedAtMs) ? this.#elapsedMs() : stoppedAtMs,
      error,
    };
    return this.#tally.report(this.#standing(), ending);
  }

  async #loop(): Promise<StopReason> {
    const { clock, signal, schedule } = this.#deps;
    const { progressIntervalMs = PROGRESS_INTERVAL_MS } = this.#options;
    for (;;) {
      const reason = this.#reasonToStop();
      if (reason) return reason;
      const outcome = this.#step();
      const nowMs = this.#elapsedMs();
      if (nowMs - this.#progressAtMs >= progressIntervalMs) this.#publish(schedule.rateAt(nowMs));
      if (this.#checkpointIsDue(nowMs, outcome)) {
        if (!this.#checkpoint(nowMs) && outcome !== 'behind') await clock.sleep(TICK_MS, signal);
      } else if (outcome === 'full') await this.#untilRoom();
      else if (outcome === 'behind') await nextTurn();
      else await clock.sleep(TICK_MS, signal);
    }
  }

  #reasonToStop(): StopReason | null {
    const { signal, writer } = this.#deps;
    if (this.#positions.error) throw this.#positions.error;
    // a run that is ahead of its answers asks the writer nothing, and there will be none
    if (writer.error) throw writer.error;
    if (signal?.aborted) return 'signal';
    if (this.#options.stopOnFailure && writer.counts().failed > 0) return 'failure';
    const { catchUpMs = CATCH_UP_MS } = this.#options;
    const nowMs = this.#elapsedMs();
    if (this.#sender.held === 0 && this.#issued >= this.#end(nowMs)) {
      return this.#issued >= this.#available ? 'source_end' : 'limit';
    }
    return nowMs > this.#lastMs() + catchUpMs ? 'too_slow' : null;
  }

  /** Own events to be sent in all; a schedule that waits leaves out what lies behind the run's end. */
  #end(nowMs: number): number {
    const { durationMs = Number.POSITIVE_INFINITY, overload } = this.#options;
    if (overload === 'block' && nowMs > durationMs) return this.#issued;
    return Math.min(this.#available, ownOf(this.#options, this.#deps.schedule.total));
  }

  /** when everything should be sent, what is held back included */
  #lastMs(): number {
    const { durationMs = Number.POSITIVE_INFINITY } = this.#options;
    return Math.max(durationMs, this.#sender.heldUntilMs);
  }

  #step(): Outcome {
    const startMs = this.#elapsedMs();
    const outcome = this.#sender.release(startMs) ? this.#sendDue(startMs) : 'full';
    const nowMs = this.#elapsedMs();
    this.#tally.handedOver(nowMs);
    const isBlocked = outcome === 'full' || outcome === 'ahead';
    if (isBlocked && this.#options.overload === 'block') this.#standstill.begin(nowMs);
    return outcome;
  }

  #sendDue(startMs: number): Outcome {
    const { schedule } = this.#deps;
    const end = this.#end(startMs);
    const ahead = this.#aheadLimit();
    let nowMs = startMs;
    for (let looks = 0; this.#issued < end; looks++) {
      const intendedMs = schedule.intendedMs(placeOf(this.#options, this.#issued)) + this.#standstill.pastMs;
      if (looks % EVENTS_PER_LOOK === 0) {
        nowMs = this.#elapsedMs();
        this.#tally.handedOver(nowMs);
        if (nowMs - startMs >= SLICE_MS) return 'behind';
      }
      if (intendedMs > nowMs) return 'caught_up';
      if (this.#issued >= ahead) return 'ahead';
      if (!this.#take(intendedMs, nowMs)) return 'full';
    }
    return 'caught_up';
  }

  /** False: there is no room for the event. */
  #take(intendedMs: number, nowMs: number): boolean {
    const { overload = 'catch_up', dropAfterMs = DROP_AFTER_MS } = this.#options;
    const lateMs = nowMs - intendedMs;
    if (overload === 'drop' && lateMs > dropAfterMs) {
      this.#leaveOut(intendedMs, nowMs);
      return true;
    }
    const laterMs = this.#standstill.totalMs(nowMs) - this.#standstill.pastMs;
    if (!this.#sender.send(this.#issued, intendedMs + laterMs)) return false;
    this.#standstill.end(nowMs);
    this.#issued += 1;
    this.#tally.sent(intendedMs + laterMs, nowMs);
    return true;
  }

  #leaveOut(intendedMs: number, nowMs: number): void {
    this.#deps.ledger?.overloaded(numberOf(this.#options, this.#issued));
    this.#deps.resolution.open(0, intendedMs);
    this.#issued += 1;
    this.#tally.leftOut(nowMs);
  }

  /** own events that may be sent before more is resolved */
  #aheadLimit(): number {
    const { first, workers, worker, runAhead } = this.#options;
    const resolvedBelow = this.#deps.resolvedBelow?.() ?? this.#positions.durable;
    return Math.ceil((resolvedBelow + runAhead - first - worker) / workers);
  }

  #checkpointIsDue(nowMs: number, outcome: Outcome): boolean {
    const { checkpointIntervalMs = CHECKPOINT_INTERVAL_MS } = this.#options;
    if (this.#positions.busy) return false;
    if (outcome === 'ahead') return true;
    const unsaved = numberOf(this.#options, this.#issued) > this.#positions.durable;
    return unsaved && nowMs - this.#checkpointAtMs >= checkpointIntervalMs;
  }

  #checkpoint(nowMs: number): boolean {
    this.#checkpointAtMs = nowMs;
    return this.#positions.advance();
  }

  /** What is held back goes at once: the run has no time left to wait for it. */
  async #finish(): Promise<void> {
    const { writer, clock } = this.#deps;
    const deadlineMs = this.#elapsedMs() + this.#options.flushDeadlineMs;
    while (!this.#sender.release(Number.POSITIVE_INFINITY) && this.#elapsedMs() < deadlineMs) {
      // without the signal: it may have ended the run, and then nothing would be waited for
      await Promise.race([writer.room(), clock.sleep(TICK_MS)]);
    }
    await this.#positions.conclude(Math.max(1, deadlineMs - this.#elapsedMs()));
  }

  /** Rejects with what killed the writer, which ends the run. */
  async #untilRoom(): Promise<void> {
    const { writer, clock } = this.#deps;
    const isRoom = new AbortController();
    try {
      await Promise.race([writer.room(), clock.sleep(ROOM_LOOK_MS, isRoom.signal)]);
    } finally {
      isRoom.abort();
    }
    // room may be there at once, and yet reports and signals must come through
    await nextTurn();
  }

  #publish(targetRate: number): void {
    const standing = this.#standing();
    this.#progressAtMs = standing.elapsedMs;
    const progress = this.#tally.progress(standing, targetRate);
    this.#deps.onProgress?.(progress);
  }

  #standing(): Standing {
    const elapsedMs = this.#elapsedMs();
    return {
      issued: this.#issued,
      elapsedMs,
      blockedMs: this.#standstill.totalMs(elapsedMs),
      durable: this.#positions.durable,
    };
  }

  #elapsedMs(): number {
    return this.#deps.clock.monotonicMs() - this.#startMs;
  }
}
