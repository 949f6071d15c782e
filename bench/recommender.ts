import { createChance } from '../core/chance.ts';
import { createDedupeWindow } from '../core/dedupe-window.ts';
import { readRatingsFile } from '../producer/ratings-file.ts';
import { ENGINES, type EngineName } from '../recommender/engines/create-engine.ts';
import { recommenderDefaults } from '../recommender/options.ts';
import { type ChangeEvent, createRecommender, type Recommender } from '../recommender/recommender.ts';
import { copySnapshot, stateHash } from '../recommender/state/snapshot.ts';
import { perCpuSecond } from './cpu-rate.ts';
import type { River } from './river.ts';
import { benchSample, type SampleBench } from './sample-stream.ts';

export interface EngineBench {
  readonly engine: EngineName;
  /** per CPU second of this process, one thread: dedupe, store, predict, score, learn with replay, pairs */
  readonly wholePathPerSecond: number;
  /** the same without dedupe and ranking */
  readonly modelPerSecond: number;
  /** the same without replay as well: it waits for quiet moments */
  readonly withoutReplayPerSecond: number;
}

export interface RecommenderBench {
  readonly sample: SampleBench;
  readonly events: number;
  readonly users: number;
  readonly films: number;
  readonly engines: readonly EngineBench[];
  /** list of 20 over all films, ten events learned between two of them; wall clock, ms */
  readonly top20Ms: { readonly p50: number; readonly p99: number };
  readonly coldTop20Ms: { readonly p50: number; readonly p99: number };
  readonly bytes: { readonly perUser: number; readonly perFilm: number; readonly perRating: number };
  readonly snapshot: { readonly megabytes: number; readonly copyMs: number; readonly restoreMs: number };
}

const FILMS = 45_000;
const USERS = 20_000;
/** ratings that somebody gives in one go, as people do */
const SESSION = 20;
const LISTS = 2_000;
/** As at 5,000 events and 500 lists a second. */
const EVENTS_PER_LIST = 10;

/** A town of made-up people: films by a steep popularity, users in sessions, stars of a taste that can be learned. */
export async function benchRecommender(
  events: number,
  sampleFile: string,
  river: River | null,
): Promise<RecommenderBench> {
  const sample = await benchSample((await readRatingsFile(sampleFile)).table, river);
  const stream = createStream();
  const engines = ENGINES.map((engine) => benchEngine(engine, events, stream));
  return { sample, events, users: USERS, films: FILMS, engines, ...benchServing(events, stream) };
}

type Stream = (n: number) => ChangeEvent;
type Writable = { -readonly [K in keyof ChangeEvent]: ChangeEvent[K] };

function createStream(): Stream {
  const chance = createChance(1, 'bench.recommender');
  const event: Writable = { kind: 'RATED', userId: 0, movieId: 0, rating: 0, tsMs: 0 };
  return (n) => {
    const session = Math.floor(n / SESSION);
    event.userId = 1 + chance.below(session, USERS, 0);
    event.movieId = 1 + Math.floor(FILMS * chance.unit(n, 1) ** 3);
    const taste = ((event.userId % 7) - 3) * ((event.movieId % 5) - 2);
    event.rating = Math.max(1, Math.min(10, Math.round(7 + taste / 3 + 3 * (chance.unit(n, 2) - 0.5)))) / 2;
    event.tsMs = 1_700_000_000_000 + n * 200;
    return event;
  };
}

function benchEngine(engine: EngineName, events: number, stream: Stream): EngineBench {
  const defaults = recommenderDefaults(engine);
  const window = createDedupeWindow();
  const id = new Uint8Array(16);
  const idView = new DataView(id.buffer);
  const whole = createRecommender(defaults);
  const bare = createRecommender({ ...defaults, ranking: false });
  const lazy = createRecommender({ ...defaults, ranking: false, replayInPath: false });
  return {
    engine,
    wholePathPerSecond: perCpuSecond(events, (n) => {
      const event = stream(n);
      idView.setUint32(0, n);
      if (window.admit(id, n)) whole.apply(event);
    }),
    modelPerSecond: perCpuSecond(events, (n) => bare.apply(stream(n))),
    withoutReplayPerSecond: perCpuSecond(events, (n) => lazy.apply(stream(n))),
  };
}

function benchServing(events: number, stream: Stream) {
  const recommender = createRecommender(recommenderDefaults('sgd'));
  // every film is known: the scan is as long as it gets
  for (let movieId = 1; movieId <= FILMS; movieId++) {
    recommender.apply({ kind: 'WATCHED', userId: 1 + (movieId % USERS), movieId, rating: null, tsMs: 1 });
  }
  for (let n = 0; n < events; n++) recommender.apply(stream(n));
  const personal = timeLists(recommender, stream, events, (n) => stream(n * SESSION).userId);
  const cold = timeLists(recommender, stream, events + LISTS * EVENTS_PER_LIST, () => 2_000_000_000);
  return {
    top20Ms: personal,
    coldTop20Ms: cold,
    bytes: measureBytes(events, stream),
    snapshot: measureSnapshot(recommender),
  };
}

function timeLists(recommender: Recommender, stream: Stream, from: number, userOf: (n: number) => number) {
  const tookMs = new Float64Array(LISTS);
  for (let n = 0; n < LISTS; n++) {
    for (let k = 0; k < EVENTS_PER_LIST; k++) recommender.apply(stream(from + n * EVENTS_PER_LIST + k));
    const userId = userOf(n);
    const before = performance.now();
    recommender.recommend(userId, 20);
    tookMs[n] = performance.now() - before;
  }
  tookMs.sort();
  return { p50: tookMs[Math.floor(LISTS * 0.5)]!, p99: tookMs[Math.floor(LISTS * 0.99)]! };
}

/** Which rows a table's bytes are spent on, by its name. */
function measureBytes(events: number, stream: Stream) {
  const recommender = createRecommender(recommenderDefaults('blend'));
  for (let n = 0; n < events; n++) recommender.apply(stream(n));
  const sums = { user: 0, film: 0, rating: 0 };
  for (const [table, bytes] of Object.entries(recommender.bytes())) sums[ownerOf(table)] += bytes;
  return {
    perUser: Math.round(sums.user / recommender.users()),
    perFilm: Math.round(sums.film / recommender.films()),
    perRating: Math.round(sums.rating / recommender.ratings()),
  };
}

function ownerOf(table: string): 'user' | 'film' | 'rating' {
  if (table === 'opinions') return 'rating';
  return /user|drift|opinions/.test(table) ? 'user' : 'film';
}

function measureSnapshot(recommender: Recommender) {
  const started = performance.now();
  const snapshot = copySnapshot(recommender.snapshot());
  const copied = performance.now();
  const restored = createRecommender(recommender.options, snapshot);
  const done = performance.now();
  if (stateHash(restored.snapshot()) !== stateHash(snapshot)) throw new Error('the restored state differs');
  const bytes = snapshot.arrays.reduce((sum, { array }) => sum + array.byteLength, 0);
  return { megabytes: bytes / 2 ** 20, copyMs: copied - started, restoreMs: done - copied };
}
