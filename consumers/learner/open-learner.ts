import { ReelstreamError } from '../../core/errors.ts';
import type { RecommenderOptions } from '../../recommender/options.ts';
import { requireSameStream, whyNotReadable } from './check-log.ts';
import type { JournalEntry } from './journal-codec.ts';
import { Learner } from './learner.ts';
import type { LearnerOptions, LearnerParts } from './learner-context.ts';
import {
  arraysOf,
  emptyState,
  type LearnerState,
  learnFrom,
  metaOf,
  restoreState,
  type SnapshotMeta,
  type VerdictSettings,
} from './learner-state.ts';
import { encodeSnapshot } from './snapshot-codec.ts';
import { openStateFolder, type StateFolder } from './state-folder.ts';
import { createUserDirectory, type UserDirectory, type UserDirectoryOptions } from './user-directory.ts';

export interface OpenLearner {
  readonly folder: string;
  readonly model: RecommenderOptions;
  readonly users: UserDirectoryOptions;
  readonly verdicts: VerdictSettings;
  /** forget what was learned: begin at the log's start */
  readonly fromStart: boolean;
}

export interface OpenedLearner {
  readonly learner: Learner;
  readonly people: UserDirectory;
}

/**
 * Restores the newest state, or begins one at the log's start, and holds it against the log.
 * @throws ReelstreamError `halted` when the log no longer holds what must be learned, or is another one; `bad_data` when the
 * state cannot be continued; `unavailable` or `kafka` as the probe
 */
export async function openLearner(
  open: OpenLearner,
  options: LearnerOptions,
  parts: Omit<LearnerParts, 'people'>,
): Promise<OpenedLearner> {
  const { topic } = options;
  const { probe, logger } = parts;
  const folder = openStateFolder(open.folder, logger);
  const stream = { clusterId: await probe.clusterId(), topic };
  const found = open.fromStart ? null : await folder.find<SnapshotMeta>();
  if (found === null) {
    const state = emptyState(stream, open.verdicts, open.model);
    const starts = await probe.bounds(topic);
    for (const [partition, { start }] of starts) learnFrom(state, partition, start);
    return begin(createUserDirectory(open.users), options, parts, folder, state);
  }
  const { snapshot, seq, entries, journal } = found;
  const state = continued(() => restoreState(snapshot, open.verdicts, open.model));
  requireSameStream(state.stream, stream, state.partitions.size, await probe.partitionCount(topic));
  for (const learned of state.partitions.values()) {
    const needed = Math.max(learned.position, lastOf(entries, learned.partition));
    const reason = await whyNotReadable(probe, topic, learned, needed);
    if (reason !== null) throw new ReelstreamError('halted', reason);
  }
  for (const schemaId of state.unknownSchemas) parts.decoder.learnUnknown(schemaId);
  const people = createUserDirectory(open.users, snapshot.meta.people);
  logger.info({ seq, entries: entries.length, ratings: state.recommender.ratings() }, 'state restored');
  if (!isJudgedAlike(snapshot.meta.verdicts, open.verdicts)) {
    if (entries.length > 0) throw judgedOtherwise(snapshot.meta.verdicts!, open.verdicts);
    await journal.end();
    return begin(people, options, parts, folder, state);
  }
  const start = { state, folder, journal, entries, snapshotSeq: seq };
  return { people, learner: new Learner(options, { ...parts, people }, start) };
}

/** What a journal begins with is a snapshot: the empty state too, so that a restart knows where the log began. */
async function begin(
  people: UserDirectory,
  options: LearnerOptions,
  parts: Omit<LearnerParts, 'people'>,
  folder: StateFolder,
  state: LearnerState,
): Promise<OpenedLearner> {
  const seq = folder.nextSeq();
  const meta = metaOf(state, people.state(), parts.clock.nowMs());
  await folder.writeSnapshot(seq, encodeSnapshot(meta, [...arraysOf(state)]));
  // whatever is older was forgotten, or judged otherwise: nothing may fall back to it
  folder.keepNewest(1);
  const start = { state, folder, journal: folder.beginJournal(seq), entries: [], snapshotSeq: seq };
  return { people, learner: new Learner(options, { ...parts, people }, start) };
}

/** Snapshots of before this was kept say nothing: then as now, for all that is known. */
function isJudgedAlike(before: VerdictSettings | undefined, now: VerdictSettings): boolean {
  return before === undefined || before.maxRecordBytes === now.maxRecordBytes;
}

function judgedOtherwise(before: VerdictSettings, now: VerdictSettings): ReelstreamError {
  return new ReelstreamError(
    'bad_data',
    `what the journal says was learned last was judged with records of up to ${before.maxRecordBytes} bytes, ` +
      `now they may have ${now.maxRecordBytes}: start once with the setting of before, stop with SIGTERM and change it ` +
      'then, or learn anew with `reelstream recommender --from-start`',
  );
}

function continued<T>(restore: () => T): T {
  try {
    return restore();
  } catch (cause) {
    throw new ReelstreamError(
      'bad_data',
      `${(cause as Error).message}; change the settings back, or learn anew with \`reelstream recommender --from-start\``,
      { cause },
    );
  }
}

function lastOf(entries: readonly JournalEntry[], partition: number): number {
  const run = entries.findLast((entry) => entry.kind === 'run' && entry.partition === partition);
  return run?.kind === 'run' ? run.next : 0;
}
