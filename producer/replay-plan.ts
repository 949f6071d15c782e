import { createReplaySource, type EventSource } from './event-source.ts';
import { readRatingsFile } from './ratings-file.ts';
import {
  type ChosenRun,
  chooseRun,
  type FreshRun,
  type RunRequest,
  unconfirmedLimit,
  withPosition,
} from './run-state.ts';
import { openStateFile, type TakeLock } from './state-file.ts';

export interface ReplayTarget {
  readonly clusterId: string;
  readonly topic: string;
  /** records the topic has ever taken: the sum of its end offsets */
  readonly recordsWritten: number;
  /** where positions are kept */
  readonly stateFolder: string;
  /** keeps a second producer away from the position */
  readonly takeLock: TakeLock;
}

export interface ReplayRequest extends Omit<RunRequest, 'ratingsHash'> {
  readonly ratingsPath: string;
}

export interface ReplayRun {
  readonly kind: ChosenRun['kind'];
  readonly runId: string;
  readonly seed: number;
  /** event number to begin with */
  readonly first: number;
  /** events of the file; live ones come after them */
  readonly replayEvents: number;
  /** most events sent beyond the saved position */
  readonly runAhead: number;
}

/** What to send and from where, held for one producer until it is released. */
export interface ReplayPlan {
  readonly run: ReplayRun;
  /** the file's ratings */
  readonly source: EventSource;
  /** Every event below `next` is acknowledged; durable when it resolves. */
  saveNext(next: number): Promise<void>;
  release(): Promise<void>;
}

/**
 * Reads the file and finds out how much of it this topic of this cluster has already got: nothing is replayed twice.
 * @throws ReelstreamError `usage` (file, or another producer at work), `bad_data` (file, or state)
 */
export async function planReplay(
  target: ReplayTarget,
  request: ReplayRequest,
  fresh: FreshRun,
): Promise<ReplayPlan> {
  const { table, hash } = await readRatingsFile(request.ratingsPath);
  const state = await openStateFile(target.stateFolder, target.clusterId, target.topic, target.takeLock);
  try {
    const wanted = { ratingsHash: hash, runId: request.runId, seed: request.seed };
    const { kind, position } = chooseRun(state.positions, wanted, target.recordsWritten, fresh);
    const save = (next: number, attempts: number) =>
      state.save(withPosition(state.positions, { ...position, next, attempts }));
    const attempts = kind === 'resumed' ? (position.attempts ?? 0) : 0;
    // on record before its first event: a crash must not lose the id that events were sent under
    await save(position.next, attempts + 1);
    const { runId, seed, next: first } = position;
    return {
      run: { kind, runId, seed, first, replayEvents: table.length, runAhead: unconfirmedLimit(attempts) },
      source: createReplaySource(table),
      saveNext: (next) => save(next, 0),
      release: state.release,
    };
  } catch (error) {
    await state.release();
    throw error;
  }
}
