import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { JournalEntry } from './journal-codec.ts';
import { continueJournal, createJournal, type Journal, readJournal } from './journal-file.ts';
import type { DecodedSnapshot } from './snapshot-codec.ts';
import { readSnapshotFile, writeSnapshotFile } from './snapshot-file.ts';

const NAME = /^(snapshot|journal)-(\d+)$/;

/** What a start finds. */
export interface FoundState<M> {
  readonly snapshot: DecodedSnapshot<M>;
  readonly seq: number;
  /** what happened since, over all journals */
  readonly entries: readonly JournalEntry[];
  /** open behind the last of them */
  readonly journal: Journal;
}

/** The snapshots and journals of one recommender. One process at a time. */
export interface StateFolder {
  /**
   * The newest whole snapshot with the journals behind it; null in an empty folder.
   * @throws ReelstreamError `bad_data` when there are snapshots and none of them is whole
   */
  find<M>(): Promise<FoundState<M> | null>;
  /** a number above every file that is there */
  nextSeq(): number;
  beginJournal(seq: number): Journal;
  /** durable when it resolves; its size in bytes */
  writeSnapshot(seq: number, pieces: readonly Uint8Array[]): Promise<number>;
  /** removes what lies before the newest `count` snapshots */
  keepNewest(count: number): void;
}

/**
 * The newest whole snapshot, for somebody who only looks: nothing is created, renamed or continued. What the journals say came
 * after it is left out. Null when there is none.
 */
export async function readNewestSnapshot<M>(folder: string): Promise<DecodedSnapshot<M> | null> {
  const seqs = (existsSync(folder) ? readdirSync(folder) : [])
    .map((name) => NAME.exec(name))
    .flatMap((found) => (found?.[1] === 'snapshot' ? [Number(found[2])] : []));
  for (const seq of seqs.sort((a, b) => b - a)) {
    try {
      return await readSnapshotFile<M>(join(folder, `snapshot-${seq}`));
    } catch (thrown) {
      if (toReelstreamError(thrown).code !== 'bad_data') throw thrown;
    }
  }
  return null;
}

export function openStateFolder(folder: string, logger: Logger): StateFolder {
  mkdirSync(folder, { recursive: true });
  const pathOf = (kind: 'snapshot' | 'journal', seq: number) => join(folder, `${kind}-${seq}`);
  const files = () =>
    readdirSync(folder).flatMap((name) => {
      const [, kind, seq] = NAME.exec(name) ?? [];
      return kind ? [{ path: join(folder, name), kind, seq: Number(seq) }] : [];
    });

  function follow(seq: number): { entries: JournalEntry[]; journal: Journal } {
    const entries: JournalEntry[] = [];
    for (let at = seq; ; at++) {
      const found = readJournal(pathOf('journal', at), at);
      if (found === null) return { entries, journal: createJournal(pathOf('journal', at), at) };
      entries.push(...found.entries);
      if (readJournal(pathOf('journal', at + 1), at + 1) === null) {
        return { entries, journal: continueJournal(pathOf('journal', at), at, found) };
      }
    }
  }

  const snapshotsNewestFirst = () =>
    files()
      .filter(({ kind }) => kind === 'snapshot')
      .sort((a, b) => b.seq - a.seq);

  return {
    async find<M>() {
      const snapshots = snapshotsNewestFirst();
      const torn: string[] = [];
      for (const { path, seq } of snapshots) {
        try {
          const snapshot = await readSnapshotFile<M>(path);
          // out of the count of those that are kept, and still there to be looked at
          for (const one of torn) renameSync(one, `${one}.torn`);
          return { snapshot, seq, ...follow(seq) };
        } catch (thrown) {
          const { code, message } = toReelstreamError(thrown);
          if (code !== 'bad_data') throw thrown;
          torn.push(path);
          logger.error({ path, error: message }, 'snapshot passed over: the one before is taken');
        }
      }
      if (snapshots.length === 0) return null;
      throw new ReelstreamError(
        'bad_data',
        `${folder}: no snapshot is whole; \`reelstream recommender --from-start\` learns from the log's start`,
      );
    },
    nextSeq: () => 1 + Math.max(-1, ...files().map(({ seq }) => seq)),
    beginJournal: (seq) => createJournal(pathOf('journal', seq), seq),
    writeSnapshot: (seq, pieces) => writeSnapshotFile(pathOf('snapshot', seq), pieces),
    keepNewest(count) {
      const oldest = snapshotsNewestFirst()[count - 1]?.seq ?? 0;
      for (const { path, seq } of files()) if (seq < oldest) rmSync(path, { force: true });
    },
  };
}
