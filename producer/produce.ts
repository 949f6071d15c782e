import { constantRate } from '../core/pace.ts';
import { createReplaySource, createResamplingSource, createSequence } from './event-source.ts';
import type { ProducerDeps, ProducerReport } from './producer-run.ts';
import { readRatingsFile } from './ratings-file.ts';
import { runProducer } from './run-producer.ts';
import { type ChosenRun, chooseRun, type FreshRun, type RunRequest, withPosition } from './run-state.ts';
import { openStateFile } from './state-file.ts';

export interface ProduceDeps extends Omit<ProducerDeps, 'source' | 'saveNext'> {
  readonly clusterId: string;
  /** records the topic has ever taken: the sum of its end offsets */
  readonly recordsWritten: number;
  /** random id and seed for a run that begins */
  readonly fresh: FreshRun;
  /** called once, before the first event */
  readonly onRun?: (run: ProduceRun) => void;
}

export interface ProduceOptions extends Omit<RunRequest, 'ratingsHash'> {
  readonly topic: string;
  readonly ratingsPath: string;
  readonly stateFolder: string;
  /** events per second */
  readonly rate: number;
  readonly count?: number | undefined;
  readonly durationMs?: number | undefined;
  /** stop when the file has been replayed instead of going on with live events */
  readonly once: boolean;
  readonly flushDeadlineMs: number;
}

export interface ProduceRun {
  readonly kind: ChosenRun['kind'];
  readonly runId: string;
  readonly seed: number;
  /** event number to go on with */
  readonly next: number;
  /** events of the replay; the live ones come after them */
  readonly replayEvents: number;
}

export interface ProduceReport extends ProducerReport {
  readonly run: ProduceRun;
}

/**
 * Replays a ratings file into a topic in time order, once for ever: where the last run stopped, this one goes on. Then
 * live events, until a limit or the signal.
 * @throws ReelstreamError `usage` and `bad_data` for the file, the state or what was asked
 */
export async function produce(deps: ProduceDeps, options: ProduceOptions): Promise<ProduceReport> {
  const { table, hash } = await readRatingsFile(options.ratingsPath);
  const state = await openStateFile(options.stateFolder, deps.clusterId, options.topic);
  try {
    const request = { ratingsHash: hash, runId: options.runId, seed: options.seed };
    const { kind, position } = chooseRun(state.positions, request, deps.recordsWritten, deps.fresh);
    // the run is on record before its first event, so that a crash cannot lose the id it sends under
    await state.save(withPosition(state.positions, position));
    const { runId, seed, next } = position;
    const run: ProduceRun = { kind, runId, seed, next, replayEvents: table.length };
    deps.onRun?.(run);
    const replay = createReplaySource(table);
    const source = options.once ? replay : createSequence(replay, createResamplingSource(table, seed));
    const saveNext = (reached: number) =>
      state.save(withPosition(state.positions, { ...position, next: reached }));
    const report = await runProducer(
      { ...deps, source, saveNext },
      {
        topic: options.topic,
        runId,
        first: next,
        profile: constantRate(options.rate),
        count: options.count,
        durationMs: options.durationMs,
        flushDeadlineMs: options.flushDeadlineMs,
      },
    );
    return { ...report, run };
  } finally {
    await state.release();
  }
}
