import { createDedupeWindow, DEDUPE_WINDOW_OFFSETS, type DedupeWindow } from '../../core/dedupe-window.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { RecommenderOptions } from '../../recommender/options.ts';
import { createRecommender, type Recommender } from '../../recommender/recommender.ts';
import type { NamedArray, SnapshotHeader } from '../../recommender/state/snapshot.ts';
import type { DecodedSnapshot } from './snapshot-codec.ts';
import type { PeopleState } from './user-directory.ts';

/** Raised when the meaning of the header or of an array changes. */
const FORMAT = 1;
const WINDOW = 'window.';

/** A record by which the log can be recognised. */
export interface Landmark {
  readonly offset: number;
  readonly logTsMs: number;
  /** 16 hexadecimal digits */
  readonly valueHash: string;
}

export interface StreamIdentity {
  readonly clusterId: string;
  readonly topic: string;
}

/** Settings that verdicts depend on: with others the same journal leads to another state. */
export interface VerdictSettings {
  /** longer records are dead letters */
  readonly maxRecordBytes: number;
}

/** What has been learned of one partition. */
export interface Learned {
  readonly partition: number;
  /** next offset */
  position: number;
  /** the newest record that was taken */
  last: Landmark | null;
  readonly window: DedupeWindow;
}

/** All that a restart needs beside the log. */
export interface LearnerState {
  readonly stream: StreamIdentity;
  readonly verdicts: VerdictSettings;
  readonly recommender: Recommender;
  readonly partitions: Map<number, Learned>;
  /** schema ids that the registry did not know when records needed them: their records stay dead letters */
  readonly unknownSchemas: Set<number>;
}

export interface SnapshotMeta {
  readonly format: number;
  /** wall clock, ms since 1970 */
  readonly takenAtMs: number;
  readonly stream: StreamIdentity;
  /** of the records behind it, too; absent in snapshots of before this was kept */
  readonly verdicts?: VerdictSettings;
  readonly partitions: readonly {
    readonly partition: number;
    readonly position: number;
    readonly last: Landmark | null;
  }[];
  readonly unknownSchemas: readonly number[];
  readonly people: PeopleState;
  readonly model: SnapshotHeader;
}

export function emptyState(
  stream: StreamIdentity,
  verdicts: VerdictSettings,
  options: RecommenderOptions,
): LearnerState {
  return {
    stream,
    verdicts,
    recommender: createRecommender(options),
    partitions: new Map(),
    unknownSchemas: new Set(),
  };
}

/** Begins a partition at an offset. */
export function learnFrom(state: LearnerState, partition: number, position: number): Learned {
  const learned = { partition, position, last: null, window: createDedupeWindow() };
  state.partitions.set(partition, learned);
  return learned;
}

/** @throws ReelstreamError `bad_data` when it was learned with other settings or by another version */
export function restoreState(
  { meta, arrays }: DecodedSnapshot<SnapshotMeta>,
  verdicts: VerdictSettings,
  options: RecommenderOptions,
): LearnerState {
  if (meta.format !== FORMAT) {
    throw new ReelstreamError(
      'bad_data',
      `the snapshot has format ${meta.format}, this version reads ${FORMAT}`,
    );
  }
  const windows = new Map(arrays.map(({ name, array }) => [name, array]));
  const model = arrays.filter(({ name }) => !name.startsWith(WINDOW));
  const recommender = createRecommender(options, { header: meta.model, arrays: model });
  const partitions = meta.partitions.map(({ partition, position, last }): [number, Learned] => {
    const recent = windows.get(`${WINDOW}${partition}`) as Uint8Array | undefined;
    const window = createDedupeWindow(DEDUPE_WINDOW_OFFSETS, recent);
    return [partition, { partition, position, last, window }];
  });
  return {
    stream: meta.stream,
    verdicts,
    recommender,
    partitions: new Map(partitions),
    unknownSchemas: new Set(meta.unknownSchemas),
  };
}

export function metaOf(state: LearnerState, people: PeopleState, nowMs: number): SnapshotMeta {
  return {
    format: FORMAT,
    takenAtMs: nowMs,
    stream: state.stream,
    verdicts: state.verdicts,
    partitions: [...state.partitions.values()].map(({ partition, position, last }) => ({
      partition,
      position,
      last,
    })),
    unknownSchemas: [...state.unknownSchemas],
    people,
    model: state.recommender.snapshot().header,
  };
}

/** The arrays of a snapshot one after the other: views of the model's, then the windows. The state must not change meanwhile. */
export function* arraysOf({ recommender, partitions }: LearnerState): Generator<NamedArray> {
  yield* recommender.snapshot().arrays;
  for (const { partition, position, window } of partitions.values()) {
    yield { name: `${WINDOW}${partition}`, array: window.entries(position) };
  }
}
