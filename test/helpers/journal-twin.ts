import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJournal, type JournalEntry } from '../../consumers/learner/journal-codec.ts';
import type { SnapshotMeta } from '../../consumers/learner/learner-state.ts';
import { decodeSnapshot } from '../../consumers/learner/snapshot-codec.ts';
import { createDedupeWindow, type DedupeWindow } from '../../core/dedupe-window.ts';
import { createJudge, type Decode } from '../../core/judge.ts';
import type { LogRecord } from '../../core/log-record.ts';
import type { RecommenderOptions } from '../../recommender/options.ts';
import { createRecommender, type Recommender } from '../../recommender/recommender.ts';
import { stateHash } from '../../recommender/state/snapshot.ts';

export interface Twin {
  readonly recommender: Recommender;
  readonly hash: string;
  /** next offset by partition */
  readonly positions: ReadonlyMap<number, number>;
  /** snapshots that were found to be equal on the way */
  readonly equalSnapshots: number;
  /** snapshots that were not: their numbers */
  readonly differentSnapshots: readonly number[];
  readonly runs: number;
}

/**
 * What a process would be that was never interrupted: one life, no loop, no fetches, no restart. It takes the journals from the
 * first to the last and applies what they say, and on the way holds itself against every snapshot.
 */
export function followJournals(
  folder: string,
  log: ReadonlyMap<number, readonly LogRecord[]>,
  options: RecommenderOptions,
  decode: Decode,
): Twin {
  const recommender = createRecommender(options);
  const judge = createJudge({ decode, allowedLatenessMs: 0 });
  const windows = new Map<number, DedupeWindow>();
  const positions = new Map<number, number>();
  const differentSnapshots: number[] = [];
  let equalSnapshots = 0;
  let runs = 0;
  const hash = () => stateHash(recommender.snapshot());

  function take(entry: JournalEntry): void {
    if (entry.kind === 'replay') recommender.replay(entry.rounds);
    if (entry.kind !== 'run') return;
    runs += 1;
    const window = windows.get(entry.partition) ?? createDedupeWindow();
    windows.set(entry.partition, window);
    if (entry.first < (positions.get(entry.partition) ?? 0)) throw new Error('the journal goes back');
    for (const record of log.get(entry.partition) ?? []) {
      if (record.offset < entry.first || record.offset >= entry.next) continue;
      const judgement = judge(record, window);
      if (judgement?.verdict.kind === 'ok') recommender.apply(judgement.event!);
    }
    positions.set(entry.partition, entry.next);
  }

  for (const seq of journalsIn(folder)) {
    const snapshot = join(folder, `snapshot-${seq}`);
    if (seq > 0 && existsSync(snapshot)) {
      if (hashOfSnapshot(snapshot) === hash()) equalSnapshots += 1;
      else differentSnapshots.push(seq);
    }
    for (const entry of decodeJournal(readFileSync(join(folder, `journal-${seq}`)), seq).entries) take(entry);
  }
  return { recommender, hash: hash(), positions, equalSnapshots, differentSnapshots, runs };
}

/** The hash of the model alone, as `stateHash` of a living one. */
export function hashOfSnapshot(path: string): string {
  const { meta, arrays } = decodeSnapshot<SnapshotMeta>(readFileSync(path));
  return stateHash({ header: meta.model, arrays: arrays.filter(({ name }) => !name.startsWith('window.')) });
}

export function newestSnapshotIn(folder: string): string {
  const seqs = numbered(folder, 'snapshot');
  return join(folder, `snapshot-${seqs.at(-1)}`);
}

const journalsIn = (folder: string) => numbered(folder, 'journal');

function numbered(folder: string, kind: string): number[] {
  return readdirSync(folder)
    .flatMap((name) => (new RegExp(`^${kind}-\\d+$`).test(name) ? Number(name.split('-')[1]) : []))
    .sort((a, b) => a - b);
}
