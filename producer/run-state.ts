import { ReelstreamError } from '../core/errors.ts';
import type { RunId } from '../core/event-id.ts';

/** How far one run has got in one topic. */
export interface RunPosition {
  readonly runId: RunId;
  /** SHA-256 of the ratings file: with the seed it decides what every event says */
  readonly ratingsHash: string;
  readonly seed: number;
  /** every event below this number is acknowledged */
  readonly next: number;
  /** named by a person; the file's own run is the one that is not */
  readonly pinned: boolean;
  /** starts since the position last moved: each may have sent again what lies beyond it */
  readonly attempts?: number;
}

/** What a person asked for. */
export interface RunRequest {
  readonly ratingsHash: string;
  readonly runId?: RunId | undefined;
  readonly seed?: number | undefined;
}

/** Random values for whatever was not asked for. */
export interface FreshRun {
  readonly runId: RunId;
  readonly seed: number;
}

export interface ChosenRun {
  readonly position: RunPosition;
  readonly kind: 'new' | 'resumed' | 'restarted';
}

/**
 * Which run to go on with. `recordsWritten` is how many records the topic has ever taken: fewer than a run got
 * acknowledged means that the topic was deleted in between, and the run starts over there, under a new id unless it is
 * pinned.
 * @throws ReelstreamError `usage` when a run is asked to go on with another file or seed: its ids would lie
 */
export function chooseRun(
  known: readonly RunPosition[],
  request: RunRequest,
  recordsWritten: number,
  fresh: FreshRun,
): ChosenRun {
  const { ratingsHash, runId, seed } = request;
  const found =
    runId === undefined
      ? known.find((run) => !run.pinned && run.ratingsHash === ratingsHash)
      : known.find((run) => run.runId === runId);
  if (!found) {
    return { kind: 'new', position: { ratingsHash, ...fresh, ...pins(request), next: 0 } };
  }
  if (recordsWritten < found.next) {
    const restarted = { ...found, ...(found.pinned ? {} : { runId: fresh.runId }), seed: seed ?? found.seed };
    return { kind: 'restarted', position: { ...restarted, ratingsHash, next: 0 } };
  }
  if (found.ratingsHash !== ratingsHash) {
    throw new ReelstreamError(
      'usage',
      `run ${found.runId} belongs to another ratings file; name another --run-id`,
    );
  }
  if (seed !== undefined && seed !== found.seed) {
    throw new ReelstreamError(
      'usage',
      `run ${found.runId} goes on with seed ${found.seed}; leave --seed out or name another --run-id`,
    );
  }
  return { kind: 'resumed', position: found };
}

const DUPLICATE_WINDOW_SHARE = 45_000;
const MIN_SENT_AGAIN = 1_000;

/**
 * How many events may be sent beyond the position. After a crash they are sent again, and the sink knows an event for the
 * 100,000 offsets of a Kafka partition that follow its first record: crash upon crash, all repeats together must stay below.
 */
export function unconfirmedLimit(attempts: number): number {
  return Math.max(MIN_SENT_AGAIN, Math.floor(DUPLICATE_WINDOW_SHARE / 2 ** attempts));
}

/** The list with this position in place of the one it follows. */
export function withPosition(known: readonly RunPosition[], position: RunPosition): RunPosition[] {
  const others = known.filter(
    (run) =>
      run.runId !== position.runId &&
      (position.pinned || run.pinned || run.ratingsHash !== position.ratingsHash),
  );
  return [...others, position];
}

function pins({ runId, seed }: RunRequest) {
  return {
    ...(runId === undefined ? { pinned: false } : { runId, pinned: true }),
    ...(seed === undefined ? {} : { seed }),
  };
}
