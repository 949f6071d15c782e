import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import type { Advice } from '../../cli/recommend/advice.ts';
import { modelOptionsFrom } from '../../cli/recommender/model-options.ts';
import { decodeJournal } from '../../consumers/learner/journal-codec.ts';
import type { LearnerStatus } from '../../consumers/learner/learner-status.ts';
import { openLearner } from '../../consumers/learner/open-learner.ts';
import { systemClock } from '../../core/clock.ts';
import type { Decode } from '../../core/judge.ts';
import type { LogRecord } from '../../core/log-record.ts';
import { silentLogger } from '../../core/logger.ts';
import { noMetrics } from '../../core/metrics-port.ts';
import { findFreePort } from '../../embedded/supervisor/ports.ts';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { scanTopic } from '../../producer/verify/scan-topic.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import { stateHash } from '../../recommender/state/snapshot.ts';
import { readSettings } from '../../runtime/settings.ts';
import { RATING_EVENT } from '../../schemas/contracts.ts';
import { createRatingDecoder } from '../../schemas/rating-codec.ts';
import { followJournals, hashOfSnapshot, newestSnapshotIn, type Twin } from '../helpers/journal-twin.ts';
import { LEARNER, temporaryFolder } from '../helpers/learner-harness.ts';
import { openSharedPipeline, type SharedPipeline } from '../helpers/pipeline.ts';
import { type RunningService, runProgram, startService } from '../helpers/program.ts';
import { createScriptedReader } from '../helpers/scripted-reader.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { connectionTo } from '../kafka/log-fixture.ts';

const isFull = process.env.REELSTREAM_TEST_FULL === '1';
const KILLS = isFull ? 50 : 6;
const MAX_PAUSE_MS = 1_500;
const LOST_RECORDS = isFull ? 2_000 : 250;
/** In the short run each order of learning is worth as much by chance, for there are ten times fewer ratings. */
const RMSE_TOLERANCE = isFull ? 0.001 : 0.003;
/** What changes opinions, and what must not: duplicates and values out of range. */
const LOAD = [
  ...['--rate', '1500', '--for', isFull ? '180s' : '15s'],
  ...['--re-ratings', '0.1', '--watches', '0.15', '--new-users', '0.01', '--unknown-films', '0.01'],
  ...['--fault', 'duplicate=0.01:1:200ms', '--fault', 'domain=0.005', '--min-achieved', '0'],
];

let pipeline: SharedPipeline;
let admin: KafkaAdmin;
let environment: Record<string, string>;
let url: string;
let brokers: string;
let topic: string;
let folder: string;
let log: Map<number, LogRecord[]>;
let decode: Decode;
let twin: Twin;

beforeAll(async () => {
  pipeline = await openSharedPipeline();
  brokers = pipeline.environment.REELSTREAM_KAFKA_BROKERS!;
  topic = pipeline.environment.REELSTREAM_RATINGS_TOPIC!;
  admin = createKafkaAdmin({ connection: connectionTo(brokers) });
  const port = await findFreePort();
  url = `http://127.0.0.1:${port}`;
  environment = {
    ...pipeline.environment,
    REELSTREAM_RECOMMENDER_PORT: String(port),
    REELSTREAM_RECOMMENDER_SNAPSHOT_EVENTS: '2000',
    REELSTREAM_RECOMMENDER_KEEP_SNAPSHOTS: '10000',
    // the budget of replay: to use up the usual one for all these ratings would take minutes
    MODEL_N_EPOCHS: '5',
  };
  folder = join(environment.REELSTREAM_HOME!, 'recommender', '0');
}, 120_000);
afterAll(async () => {
  await admin?.close();
  await pipeline?.remove();
}, 60_000);

const start = (ready: '/readyz' | '/healthz') => startService(['recommender'], environment, `${url}${ready}`);
const status = async (): Promise<LearnerStatus | null> =>
  fetch(`${url}/status`)
    .then((answer) => answer.json() as Promise<LearnerStatus>)
    .catch(() => null);
const options = () => modelOptionsFrom(readSettings(environment));

async function pause(seed: string, number: number): Promise<void> {
  const share = createHash('sha256').update(`${seed}/${number}`).digest().readUInt32LE(0) / 2 ** 32;
  await new Promise((resolve) => setTimeout(resolve, share * MAX_PAUSE_MS));
}

async function untilLearned(living: RunningService): Promise<void> {
  const bounds = await admin.bounds(topic);
  let last: LearnerStatus | null = null;
  await waitUntil(
    () => `everything is learned; last seen ${JSON.stringify(last)}\n${living.said()}`,
    90_000,
    async () => {
      last = await status();
      return (
        last?.partitions.length === bounds.size &&
        last.partitions.every(({ partition, position }) => position >= bounds.get(partition)!.end)
      );
    },
  );
}

async function readLog(): Promise<Map<number, LogRecord[]>> {
  const bounds = await admin.bounds(topic);
  const found = new Map<number, LogRecord[]>([...bounds.keys()].map((partition) => [partition, []]));
  const ranges = new Map(
    [...bounds].map(([partition, { start: from, end: to }]) => [partition, { from, to }]),
  );
  await scanTopic({ connection: connectionTo(brokers), topic, ranges }, (partition, records) =>
    found.get(partition)!.push(...records),
  );
  return found;
}

/** Poison may name schemas that nobody registered: all but the contract's are unknown. */
function decoderFor(records: Iterable<LogRecord>): Decode {
  const decoder = createRatingDecoder();
  for (const { value } of records) {
    const { unresolved } = decoder.decode(value);
    if (unresolved === undefined) continue;
    if (unresolved === ratingSchemaId) decoder.learn(unresolved, RATING_EVENT.schema);
    else decoder.learnUnknown(unresolved);
  }
  return decoder.decode;
}
let ratingSchemaId = -1;

interface Row {
  readonly userId: number;
  readonly movieId: number;
  readonly facet: 'rating' | 'watch';
  readonly halfStars: number;
}

/** user/film -> half stars (null: only watched) and watched, of everybody */
function opinionsOf(model: Recommender, users: Iterable<number>): Map<string, string> {
  const opinions = new Map<string, string>();
  for (const user of users) {
    for (const { movieId, rating, watched } of model.opinions(user)) {
      opinions.set(`${user}/${movieId}`, `${rating === null ? null : rating * 2}/${watched}`);
    }
  }
  return opinions;
}

const usersIn = (records: Map<number, LogRecord[]>): Set<number> =>
  new Set([...records.values()].flat().flatMap(({ value }) => decode(value).event?.userId ?? []));

describe('the recommender process', () => {
  it(`has the state of a twin that was never interrupted, after ${KILLS} SIGKILLs`, async () => {
    const seed = process.env.REELSTREAM_TEST_SEED ?? `${Date.now()}`;
    onTestFailed(() => void process.stderr.write(`to repeat the kills: REELSTREAM_TEST_SEED=${seed}\n`));
    const sink = await pipeline.startSink();
    const producer = await pipeline.startProducer(LOAD);
    let living = await start('/readyz');
    for (let kill = 0; kill < KILLS; kill++) {
      await pause(seed, kill);
      await living.kill();
      // every other one dies while it starts, restores or follows, the others while they learn
      living = await start(kill % 2 === 0 ? '/healthz' : '/readyz');
    }
    expect((await producer.finished).code).toBe(0);
    await untilLearned(living);
    const { counts } = (await status())!;
    const stopped = await living.stop();
    expect(stopped.code, stopped.stdout).toBe(0);
    log = await readLog();
    const records = [...log.values()].flat();
    await waitUntil('the sink has it all', 60_000, async () => {
      return (await pipeline.count('SELECT count() FROM events_raw')) >= records.length;
    });
    await sink.stop();
    const registered = await fetch(
      `${environment.REELSTREAM_REGISTRY_URL}/subjects/ratings-value/versions/latest`,
    );
    ratingSchemaId = ((await registered.json()) as { readonly id: number }).id;
    decode = decoderFor(records);
    twin = followJournals(folder, log, options(), decode);
    process.stdout.write(
      `${records.length} records, ${twin.runs} runs, ${twin.equalSnapshots} snapshots equal, last life applied ${counts.applied}\n`,
    );
    expect(twin.differentSnapshots).toEqual([]);
    expect(twin.equalSnapshots).toBeGreaterThan(2);
    expect(hashOfSnapshot(newestSnapshotIn(folder))).toBe(twin.hash);
    const ends = new Map([...log].map(([partition, held]) => [partition, held.at(-1)!.offset + 1]));
    expect(twin.positions).toEqual(ends);
  });

  it('has the opinions that ClickHouse has, key by key', async () => {
    const rows = await pipeline.db.query<Row>(
      'SELECT user_id AS userId, movie_id AS movieId, facet, half_stars AS halfStars FROM current_opinions',
    );
    const found = new Map<string, { rating: number | null; watched: boolean }>();
    for (const { userId, movieId, facet, halfStars } of rows) {
      const key = `${userId}/${movieId}`;
      const one = found.get(key) ?? { rating: null, watched: false };
      found.set(key, facet === 'watch' ? { ...one, watched: true } : { ...one, rating: halfStars });
    }
    const expected = new Map([...found].map(([key, { rating, watched }]) => [key, `${rating}/${watched}`]));
    const learned = opinionsOf(twin.recommender, usersIn(log));
    expect(expected.size).toBeGreaterThan(1_000);
    expect(new Map([...learned].sort())).toEqual(new Map([...expected].sort()));
    process.stdout.write(`${expected.size} opinions equal\n`);
  });

  it('has equal opinions and nearly equal predictions when the tail of the journal is lost', async () => {
    const copy = temporaryFolder();
    cpSync(folder, copy, { recursive: true });
    // more than a loss of power can take: the last second or two of the journal, and every snapshot
    const lost = loseRecords(copy, LOST_RECORDS);
    const model = await learnAgain(copy);
    const users = usersIn(log);
    expect(opinionsOf(model, users)).toEqual(opinionsOf(twin.recommender, users));
    expect(stateHash(model.snapshot())).not.toBe(twin.hash);
    // predictions differ by what was gone over how often: both to the end
    for (const one of [model, twin.recommender]) one.replay(one.replayRoundsDue());
    const [one, other] = [rmse(model, users), rmse(twin.recommender, users)];
    process.stdout.write(`RMSE ${one} and ${other}; ${lost} records were learned in another order\n`);
    expect(Math.abs(one - other)).toBeLessThan(RMSE_TOLERANCE);
  });

  it('recommends on the command line what the API does, and from its snapshot when it has stopped', async () => {
    const living = await start('/readyz');
    const user = [...usersIn(log)].find((id) => twin.recommender.opinions(id).length > 20)!;
    const ask = async (...options: string[]) => {
      const { code, stdout } = await runProgram(
        ['recommend', String(user), '--why', '--json', ...options],
        environment,
      );
      expect(code, stdout).toBe(0);
      return JSON.parse(stdout) as Advice;
    };
    const online = await ask();
    expect(online.from).toBe('api');
    expect(online.recommendations).toHaveLength(20);
    expect(online.history).toHaveLength(10);
    expect((await living.stop()).code).toBe(0);
    const offline = await ask();
    expect(offline.from).toBe('snapshot');
    const times = ({ history }: Advice) => history.map(({ ts }) => Date.parse(ts));
    expect(times(offline)).toEqual(times(online));
    // replay may have moved a prediction in between
    const listed = ({ recommendations }: Advice) => new Set(recommendations.map((film) => film.movie_id));
    expect([...listed(offline)].filter((id) => listed(online).has(id)).length).toBeGreaterThanOrEqual(18);
    expect((await runProgram(['recommend', '2000000000'], environment)).code).toBe(1);
  });

  it('is one process at a time, and refuses a topic that is another one', async () => {
    const living = await start('/readyz');
    const second = await runProgram(['recommender'], {
      ...environment,
      REELSTREAM_RECOMMENDER_PORT: String(await findFreePort()),
    });
    expect(second.code).toBe(2);
    expect(second.stdout).toMatch(/is this recommender already/);
    expect((await living.stop()).code).toBe(0);
    const other = { ...environment, REELSTREAM_RATINGS_TOPIC: `${topic}_2` };
    expect((await runProgram(['migrate', '--topics'], other)).code).toBe(0);
    const refused = await runProgram(['recommender'], other);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/--from-start/);
  });
});

/** Cuts the journals before the runs that took the last `count` records, in the middle of an entry; returns how many it were. */
function loseRecords(from: string, count: number): number {
  const seqsOf = (kind: string) =>
    readdirSync(from).flatMap((name) => (name.startsWith(kind) ? Number(name.slice(kind.length)) : []));
  for (const seq of seqsOf('snapshot-')) if (seq > 0) rmSync(join(from, `snapshot-${seq}`));
  const seqs = seqsOf('journal-');
  let lost = 0;
  for (const seq of seqs.sort((a, b) => b - a)) {
    const path = join(from, `journal-${seq}`);
    const { entries } = decodeJournal(readFileSync(path), seq);
    let kept = entries.length;
    for (; kept > 0 && lost < count; kept--) {
      const entry = entries[kept - 1]!;
      if (entry.kind === 'run') lost += entry.next - entry.first;
    }
    if (lost < count) rmSync(path);
    else if (kept < entries.length) truncateSync(path, 32 * (1 + kept) + 7);
  }
  return lost;
}

/** The same loop in this process, over the records that were read. */
async function learnAgain(from: string): Promise<Recommender> {
  const reader = createScriptedReader(log);
  const { learner } = await openLearner(
    {
      ...{ folder: from, model: options(), fromStart: false },
      users: { firstUserId: 1, maxProfiles: 10 },
      verdicts: { maxRecordBytes: readSettings(environment).REELSTREAM_SINK_MAX_RECORD_BYTES },
    },
    { ...LEARNER, topic, replayShare: 1 },
    {
      reader,
      probe: admin,
      decoder: { decode, learn: () => true, learnUnknown() {} },
      schemaOf: async () => null,
      metrics: noMetrics,
      logger: silentLogger,
      clock: systemClock,
    },
  );
  await learner.start();
  reader.assign(...log.keys());
  await waitUntil('learned again', 60_000, () => {
    for (let i = 0; i < 50; i++) reader.deliver(500);
    const { partitions, following } = learner.status();
    return (
      following === 0 &&
      partitions.length === log.size &&
      partitions.every(({ partition, position }) => position > log.get(partition)!.at(-1)!.offset)
    );
  });
  await learner.stop();
  return learner.model;
}

function rmse(model: Recommender, users: Iterable<number>): number {
  let sum = 0;
  let n = 0;
  for (const user of users) {
    for (const { movieId, rating } of model.opinions(user)) {
      if (rating === null) continue;
      sum += (model.predict(user, movieId) - rating) ** 2;
      n += 1;
    }
  }
  return Math.sqrt(sum / n);
}
