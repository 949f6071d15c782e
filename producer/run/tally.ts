import type { ReelstreamError } from '../../core/errors.ts';
import { createHistogram } from '../../core/histogram.ts';
import { countBefore } from '../../core/schedule/limit.ts';
import type { ToCatch } from '../faults/to-catch.ts';
import { numberOf, ownOf, placeOf } from './lane.ts';
import type {
  EventCounts,
  LoadProgress,
  LoadReport,
  LoadRunDeps,
  LoadRunOptions,
  RecordCounts,
  StopReason,
} from './load-run.ts';
import type { Sender } from './sender.ts';

/** Where the loop stands. */
export interface Standing {
  /** own events passed, left-out ones included */
  readonly issued: number;
  readonly elapsedMs: number;
  readonly blockedMs: number;
  /** every own event number below it is resolved, and durably so */
  readonly durable: number;
}

export interface Ending {
  readonly stoppedBy: StopReason;
  readonly stoppedAtMs: number;
  readonly error: ReelstreamError | null;
}

/** Counts and delays of a run. What was sent before the end of the warm-up is counted, and not measured. */
export interface Tally {
  /** @param nowMs at or shortly before the hand-over */
  sent(intendedMs: number, nowMs: number): void;
  /** Everything sent since the last call was handed over by now: looked at once for some events, so never too early. */
  handedOver(nowMs: number): void;
  leftOut(nowMs: number): void;
  /** @param i own event whose record was acknowledged */
  acknowledged(i: number, delayMs: number): void;
  progress(standing: Standing, targetRate: number): LoadProgress;
  report(standing: Standing, ending: Ending): LoadReport;
}

const MICROS_PER_MS = 1_000;

export function createTally(
  deps: LoadRunDeps,
  options: LoadRunOptions,
  sender: Sender,
  toCatch: ToCatch,
): Tally {
  const { schedule, resolution, writer, source, faultCounts } = deps;
  const { warmupMs = 0, durationMs = Number.POSITIVE_INFINITY } = options;
  const scheduleDelays = createHistogram();
  const deliveryDelays = createHistogram();
  const handingOver: number[] = [];
  let overloaded = 0;
  let warmupPassed = 0;
  let warmupSent = 0;

  const counts = (): EventCounts & RecordCounts => {
    const { generated, keptBack, records, bytes } = sender.counts;
    const { acked, failed } = writer.counts();
    const inFlight = resolution.unresolved;
    return {
      generated,
      keptBack,
      failed: resolution.failed,
      inFlight,
      acknowledged: Math.max(0, generated - keptBack - resolution.failed - inFlight),
      overloaded,
      records,
      recordsAcknowledged: acked,
      recordsFailed: failed,
      bytes,
    };
  };

  const available = ownOf(options, Math.max(0, source.length - options.first));
  const own = (events: number): number => Math.min(available, ownOf(options, events));
  const dueBy = (ms: number): number => own(schedule.dueBy(Math.max(0, ms)));

  /** @param endMs when the run was over */
  const dueInWarmup = (endMs: number): number => {
    if (warmupMs >= endMs) return dueBy(endMs);
    return warmupMs > 0 ? own(countBefore(schedule, warmupMs)) : 0;
  };

  /** When the events so far are over: the last one has its share of time too, 10 events at 10/s take a second, not 0.9. */
  const plannedMs = (issued: number, stoppedAtMs: number): number => {
    const nextMs = schedule.intendedMs(placeOf(options, issued));
    return Math.min(durationMs, Number.isFinite(nextMs) ? nextMs : stoppedAtMs);
  };

  return {
    sent(intendedMs, nowMs) {
      if (nowMs >= warmupMs) return void handingOver.push(intendedMs);
      warmupPassed += 1;
      warmupSent += 1;
    },
    handedOver(nowMs) {
      for (const intendedMs of handingOver) scheduleDelays.record((nowMs - intendedMs) * MICROS_PER_MS);
      handingOver.length = 0;
    },
    leftOut(nowMs) {
      overloaded += 1;
      if (nowMs < warmupMs) warmupPassed += 1;
    },
    acknowledged(i, delayMs) {
      if (i >= warmupPassed) deliveryDelays.record(delayMs * MICROS_PER_MS);
    },
    progress: ({ issued, elapsedMs, blockedMs, durable }, targetRate) => ({
      ...counts(),
      elapsedMs,
      // the schedule is the whole run's
      targetRate: targetRate / options.workers,
      due: dueBy(elapsedMs),
      next: numberOf(options, issued),
      resolved: durable,
      delays: { schedule: scheduleDelays.take(), delivery: deliveryDelays.take() },
      blockedMs,
      byLabel: Object.fromEntries(faultCounts.byLabel()),
      toCatch: toCatch.byReason(),
    }),
    report({ issued, elapsedMs, blockedMs, durable }, { stoppedBy, stoppedAtMs, error }) {
      const now = counts();
      const endMs = Math.min(stoppedAtMs, durationMs);
      const due = dueBy(endMs);
      const planned = plannedMs(Math.max(issued, due), stoppedAtMs);
      return {
        ...now,
        stoppedBy,
        elapsedMs,
        measured: {
          due: due - dueInWarmup(endMs),
          acknowledged: Math.max(0, now.acknowledged + now.keptBack - warmupSent),
          plannedMs: Math.max(1, planned - warmupMs),
          ms: Math.max(1, planned - warmupMs, stoppedAtMs - warmupMs),
        },
        flushMs: Math.max(0, elapsedMs - stoppedAtMs),
        missed: Math.max(0, due - issued),
        blockedMs,
        first: options.first,
        next: durable,
        byLabel: Object.fromEntries(faultCounts.byLabel()),
        error,
      };
    },
  };
}
