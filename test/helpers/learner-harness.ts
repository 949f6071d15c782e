import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Learner } from '../../consumers/learner/learner.ts';
import type { LearnerOptions } from '../../consumers/learner/learner-context.ts';
import { openLearner } from '../../consumers/learner/open-learner.ts';
import type { UserDirectory } from '../../consumers/learner/user-directory.ts';
import type { Clock } from '../../core/clock.ts';
import { toReelstreamError } from '../../core/errors.ts';
import type { Decode } from '../../core/judge.ts';
import type { LogRecord } from '../../core/log-record.ts';
import { silentLogger } from '../../core/logger.ts';
import { noMetrics } from '../../core/metrics-port.ts';
import type { EventKind, RatingEvent } from '../../core/rating-event.ts';
import { type RecommenderOptions, recommenderDefaults } from '../../recommender/options.ts';
import { stateHash } from '../../recommender/state/snapshot.ts';
import { idOf, KAFKA_TIME_MS } from './events.ts';
import { createScriptedReader, type ScriptedReader } from './scripted-reader.ts';

export type Log = Map<number, LogRecord[]>;

export const MODEL: RecommenderOptions = { ...recommenderDefaults('blend'), replayInPath: false };

export const LEARNER: LearnerOptions = {
  topic: 'ratings',
  group: 'test',
  allowedLatenessMs: 86_400_000,
  sliceMs: 2,
  snapshotIntervalMs: 3_600_000,
  snapshotRecords: 1_000_000,
  keepSnapshots: 1_000,
  replayShare: 0.5,
  checkTimeoutMs: 5_000,
  commitIntervalMs: 1_000,
};

export interface Told {
  readonly kind: EventKind | 'bad' | 'foreign';
  readonly id: number;
  readonly userId: number;
  readonly movieId: number;
  readonly rating: number;
}

/** The record that says so; its bytes are JSON, which `decodeTold` reads. */
export function recordThat(offset: number, told: Partial<Told>): LogRecord {
  const whole: Told = { kind: 'RATED', id: offset, userId: 7, movieId: 1, rating: 4, ...told };
  const value = Buffer.from(JSON.stringify(whole));
  return { offset, logTsMs: KAFKA_TIME_MS + offset, key: null, value };
}

/** `foreign` records are of schema 77, which the harness's registry does not know. */
export function createDecoder(): { decode: Decode; learn: () => boolean; learnUnknown: () => void } {
  let isAnswered = false;
  return {
    learn: () => false,
    learnUnknown: () => {
      isAnswered = true;
    },
    decode(value) {
      const told = JSON.parse(value!.toString()) as Told;
      if (told.kind === 'bad') return { reason: 'decode' };
      if (told.kind === 'foreign') return isAnswered ? { reason: 'unknown_schema' } : { unresolved: 77 };
      const { kind, userId, movieId } = told;
      const event: RatingEvent = {
        eventId: idOf(told.id),
        userId,
        movieId: kind === 'USER_DELETED' ? 0 : movieId,
        kind,
        rating: kind === 'RATED' ? told.rating : null,
        tsMs: KAFKA_TIME_MS - 1_000_000 + told.id,
        source: 'test',
      };
      return { event };
    },
  };
}

/** As if the registry had answered already. */
export function decodeTold(): Decode {
  const decoder = createDecoder();
  decoder.learnUnknown();
  return decoder.decode;
}

/** Time that goes on with every look at it, by steps that a seed gives: slices of every size, and the same again. */
export function createJumpingClock(seed: number): Clock {
  let nowMs = 0;
  let state = seed | 1;
  return {
    nowMs: () => KAFKA_TIME_MS + nowMs,
    monotonicMs() {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      nowMs += (state % 1_000) / 250;
      return nowMs;
    },
    // what waits for half a minute waits for something else
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        signal?.addEventListener('abort', () => resolve(), { once: true });
        if (ms < 30_000) setImmediate(resolve);
      }),
  };
}

export interface LearnerHarness {
  readonly learner: Learner;
  readonly people: UserDirectory;
  readonly reader: ScriptedReader;
  readonly folder: string;
  readonly hash: () => string;
  /** turns of the event loop */
  settle(turns?: number): Promise<void>;
  /** delivers everything until all of the log is learned */
  learnAll(): Promise<void>;
  /** SIGKILL: a copy of what is on disk now; this life goes on nowhere */
  kill(): Promise<string>;
}

export interface HarnessOptions {
  readonly folder?: string;
  readonly model?: RecommenderOptions;
  readonly options?: Partial<LearnerOptions>;
  readonly seed?: number;
  readonly fromStart?: boolean;
  readonly maxRecordBytes?: number;
  readonly clusterId?: string;
  /** what the log still holds */
  readonly logStart?: number;
  readonly registry?: (schemaId: number) => Promise<string | null>;
  /** default: one that jumps, whatever is waited for */
  readonly clock?: Clock;
}

const folders: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'reelstream-learner-'));
  folders.push(folder);
  return folder;
}

const MOST_COPIES = 100;

/** What is on disk at one moment: a file that is renamed or deleted meanwhile makes another one of it. */
function copyOfLiving(folder: string): string {
  for (let i = 0; ; i++) {
    const copy = temporaryFolder();
    try {
      cpSync(folder, copy, { recursive: true });
      return copy;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT' || i >= MOST_COPIES) throw thrown;
    }
  }
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export async function startLearner(log: Log, harness: HarnessOptions = {}): Promise<LearnerHarness> {
  const { folder = temporaryFolder(), model = MODEL, options, seed = 1, fromStart = false } = harness;
  const reader = createScriptedReader(log);
  const decoder = createDecoder();
  const endOf = (partition: number) => (log.get(partition)?.at(-1)?.offset ?? -1) + 1;
  const { learner, people } = await openLearner(
    {
      ...{ folder, model, fromStart },
      users: { firstUserId: 1, maxProfiles: 100 },
      verdicts: { maxRecordBytes: harness.maxRecordBytes ?? 1_000 },
    },
    { ...LEARNER, ...options },
    {
      reader,
      probe: {
        clusterId: async () => harness.clusterId ?? 'test-cluster',
        partitionCount: async () => log.size,
        bounds: async () =>
          new Map(
            [...log.keys()].map((partition) => [
              partition,
              { start: harness.logStart ?? 0, end: endOf(partition) },
            ]),
          ),
        recordAt: async (_, partition, offset) =>
          log.get(partition)?.find((record) => record.offset === offset) ?? null,
      },
      decoder,
      schemaOf: harness.registry ?? (async () => null),
      metrics: noMetrics,
      logger: silentLogger,
      clock: harness.clock ?? createJumpingClock(seed),
    },
  );
  await learner.start();
  reader.assign(...log.keys());
  const settle = async (turns = 6) => {
    for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  await settle();
  const learned = () =>
    learner.status().partitions.every(({ partition, position }) => position >= endOf(partition));
  return {
    learner,
    people,
    reader,
    folder,
    hash: () => stateHash(learner.model.snapshot()),
    settle,
    async learnAll() {
      for (let i = 0; !learned(); i++) {
        if (i > 20_000) throw new Error(`not learned: ${JSON.stringify(learner.status())}`);
        await Promise.race([learner.done.then(() => {}), settle(1)]);
        reader.deliver();
      }
      await settle();
    },
    async kill() {
      const copy = copyOfLiving(folder);
      await learner.stop().catch((thrown: unknown) => toReelstreamError(thrown));
      return copy;
    },
  };
}
