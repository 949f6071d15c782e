import { createManualClock, type ManualClock } from '../../../core/clock.ts';
import { readEventId } from '../../../core/event-id.ts';
import { createHistogram, type Histogram } from '../../../core/histogram.ts';
import { silentLogger } from '../../../core/logger.ts';
import type { RatingEvent } from '../../../core/rating-event.ts';
import { limitSchedule } from '../../../core/schedule/limit.ts';
import { createSchedule } from '../../../core/schedule/schedule.ts';
import type { EventSource } from '../../../producer/event-source.ts';
import { createInjector } from '../../../producer/faults/apply.ts';
import { createFaultCounts } from '../../../producer/faults/fault-counts.ts';
import { NO_FAULTS } from '../../../producer/faults/plan.ts';
import type {
  LoadProgress,
  LoadReport,
  LoadRunDeps,
  LoadRunOptions,
} from '../../../producer/run/load-run.ts';
import { createResolution } from '../../../producer/run/resolution.ts';
import { LoadRun } from '../../../producer/run/run-load.ts';
import { MemoryWriter } from './memory-writer.ts';

export const START_MS = Date.UTC(2024, 0, 1);
export const RUN = '0000000000000aa';

const encode = (event: RatingEvent) =>
  Buffer.from(JSON.stringify({ ...event, eventId: Buffer.from(event.eventId).toString('hex') }));
export const decode = (value: Buffer) => JSON.parse(value.toString()) as RatingEvent & { eventId: string };
export const numberOf = (value: Buffer) =>
  readEventId(Buffer.from(decode(value).eventId, 'hex'))!.eventNumber;
export const numbers = (writer: MemoryWriter) => writer.records.map(({ value }) => numberOf(value));
export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** event `n` is user n % 7 rating film n */
export const sourceOf = (length = Number.POSITIVE_INFINITY): EventSource => ({
  length,
  content: (n, intendedTsMs) => ({
    userId: (n % 7) + 1,
    movieId: n + 1,
    kind: 'RATED',
    rating: 3,
    tsMs: Math.round(intendedTsMs),
    source: 'test',
  }),
});

export interface WorldOptions extends Partial<LoadRunOptions> {
  readonly rate?: number;
  readonly count?: number;
}

export interface World {
  readonly clock: ManualClock;
  readonly writer: MemoryWriter;
  readonly saved: number[];
  readonly abort: AbortController;
  readonly progress: LoadProgress[];
  /** of every event measured, microseconds */
  readonly scheduleDelays: Histogram;
  readonly deliveryDelays: Histogram;
  report: LoadReport | null;
  run: LoadRun | null;
  start(options?: WorldOptions, deps?: Partial<LoadRunDeps>): Promise<LoadReport>;
  /** moves time on in ticks; returns early when the run is over */
  pass(ms: number, stepMs?: number): Promise<void>;
}

/** A load run over a clock moved by hand and a writer without a broker. */
export function createWorld(): World {
  const clock = createManualClock(START_MS);
  const writer = new MemoryWriter(clock);
  const saved: number[] = [];
  const progress: LoadProgress[] = [];
  const scheduleDelays = createHistogram();
  const deliveryDelays = createHistogram();
  const abort = new AbortController();
  const world: World = {
    clock,
    writer,
    saved,
    abort,
    progress,
    scheduleDelays,
    deliveryDelays,
    report: null,
    run: null,
    async start({ rate = 100, count, ...options } = {}, deps = {}) {
      const schedule = createSchedule([], { eventsPerSecond: rate, jitter: 'none', seed: 0 });
      const runAhead = options.runAhead ?? 50_000;
      const run = new LoadRun(
        {
          writer,
          encode,
          source: sourceOf(),
          schedule: limitSchedule(schedule, { count, durationMs: options.durationMs }),
          faults: NO_FAULTS,
          inject: createInjector({ runId: RUN }),
          faultCounts: createFaultCounts(),
          ledger: null,
          resolution: createResolution(runAhead, options.stopOnFailure),
          clock,
          logger: silentLogger,
          saveNext: async (next) => void saved.push(next),
          onProgress(now) {
            progress.push(now);
            scheduleDelays.add(now.delays.schedule);
            deliveryDelays.add(now.delays.delivery);
          },
          signal: abort.signal,
          ...deps,
        },
        { first: 0, worker: 0, workers: 1, runId: RUN, runAhead, flushDeadlineMs: 1_000, ...options },
      );
      world.run = run;
      writer.onReport = (tag, failed) => run.settle(tag, failed);
      world.report = await run.run();
      return world.report;
    },
    async pass(ms, stepMs = 5) {
      for (let passed = 0; passed < ms && !world.report; passed += stepMs) {
        await clock.advance(stepMs);
        if (writer.answers) writer.ack();
      }
    },
  };
  return world;
}

export const msAt = (histogram: Histogram, q: number) => (histogram.at(q) ?? 0) / 1_000;
