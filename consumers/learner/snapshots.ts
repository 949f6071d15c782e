import type { NamedArray } from '../../recommender/state/snapshot.ts';
import { type Outcome, outcomeOf } from '../outcome.ts';
import type { Journal } from './journal-file.ts';
import type { LearnerContext } from './learner-context.ts';
import { arraysOf, metaOf, type SnapshotMeta } from './learner-state.ts';
import { encodeSnapshot } from './snapshot-codec.ts';

/** Copied in one turn of the event loop: a millisecond or two. */
const COPY_BYTES = 4 * 1024 * 1024;

/**
 * When the state goes to disk, and how. It is copied while learning stands still, a few megabytes per turn so that the process
 * goes on answering; then the next journal begins, learning goes on, and the copy is written beside it.
 */
export interface Snapshots {
  readonly newestSeq: number;
  /** true while the state is being copied: it must not change */
  readonly isCopying: boolean;
  isDue(nowMs: number): boolean;
  /** copies on; begins when none is under way */
  advance(): void;
  written(seq: number, outcome: Outcome<number>): void;
  /** the last one, when nothing is learned any more */
  finish(): Promise<void>;
}

/**
 * @param newest number of the snapshot that the state was restored from
 * @param isBehindState what was restored is older than the state: a journal is followed
 */
export function createSnapshots(
  ctx: LearnerContext,
  newest: number,
  isBehindState: boolean,
  mustBeNew: () => boolean,
): Snapshots {
  const { options, parts, folder, state } = ctx;
  const { logger, clock } = parts;
  let newestSeq = newest;
  let lastAtMs = clock.monotonicMs();
  let copying: Generator<void, readonly NamedArray[]> | null = null;
  let writing: Promise<void> | null = null;
  let mayBeForced = true;
  let isNewestOld = isBehindState;

  const hasNews = () => isNewestOld || ctx.journal.entries > 0;
  const meta = (): SnapshotMeta => metaOf(state, parts.people.state(), clock.nowMs());

  async function write(seq: number, pieces: readonly Uint8Array[], journalBefore: Journal): Promise<number> {
    // the snapshot before and this journal lead to the same state: both must be there when this one turns out torn
    await journalBefore.end();
    return folder.writeSnapshot(seq, pieces);
  }

  function copied(arrays: readonly NamedArray[]): void {
    const before = ctx.journal;
    const seq = folder.nextSeq();
    const pieces = encodeSnapshot(meta(), arrays);
    ctx.journal = folder.beginJournal(seq);
    ctx.recordsSinceSnapshot = 0;
    lastAtMs = clock.monotonicMs();
    mayBeForced = false;
    writing = outcomeOf(write(seq, pieces, before)).then((outcome) => {
      writing = null;
      ctx.post({ kind: 'snapshot_written', seq, outcome });
    });
  }

  function written(seq: number, outcome: Outcome<number>): void {
    if (!outcome.ok) {
      logger.error({ seq, error: outcome.error.message }, 'snapshot not written: the journals grow on');
      return;
    }
    newestSeq = seq;
    isNewestOld = false;
    folder.keepNewest(options.keepSnapshots);
    ctx.metrics.snapshotWritten(clock.nowMs(), outcome.value);
    logger.info({ seq, bytes: outcome.value }, 'snapshot written');
  }

  return {
    get newestSeq() {
      return newestSeq;
    },
    get isCopying() {
      return copying !== null;
    },
    isDue(nowMs) {
      if (writing) return false;
      if (mayBeForced && mustBeNew()) return true;
      if (ctx.recordsSinceSnapshot >= options.snapshotRecords) return true;
      return nowMs - lastAtMs >= options.snapshotIntervalMs && hasNews();
    },
    advance() {
      copying ??= copyOf(arraysOf(state));
      const { done, value } = copying.next();
      if (!done) return;
      copying = null;
      copied(value);
    },
    written,
    async finish() {
      copying = null;
      await writing;
      if (!hasNews()) return ctx.journal.end();
      const seq = folder.nextSeq();
      const pieces = encodeSnapshot(meta(), [...arraysOf(state)]);
      written(seq, await outcomeOf(write(seq, pieces, ctx.journal)));
    },
  };
}

/** Copies what views the living state; yields when a turn has done its share. */
function* copyOf(arrays: Iterable<NamedArray>): Generator<void, readonly NamedArray[]> {
  const copies: NamedArray[] = [];
  let bytes = 0;
  for (const { name, array } of arrays) {
    const Type = array.constructor as new (length: number) => NamedArray['array'];
    const whole = new Type(array.length);
    const step = COPY_BYTES / array.BYTES_PER_ELEMENT;
    for (let at = 0; at < array.length; at += step) {
      const piece = array.subarray(at, at + step);
      whole.set(piece, at);
      bytes += piece.byteLength;
      if (bytes < COPY_BYTES) continue;
      bytes = 0;
      yield;
    }
    copies.push({ name, array: whole });
  }
  return copies;
}
