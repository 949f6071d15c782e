import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenedRecommender, openRecommender } from '../../cli/recommender/open-recommender.ts';
import { LEARNER_METRICS } from '../../consumers/learner/learner-metrics.ts';
import type { LearnerStatus } from '../../consumers/learner/learner-status.ts';
import { silentLogger } from '../../core/logger.ts';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { readSettings } from '../../runtime/settings.ts';
import { idOf } from '../helpers/events.ts';
import { openSharedPipeline, type SharedPipeline } from '../helpers/pipeline.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { connectionTo, plainKafka } from '../kafka/log-fixture.ts';

const PARTITIONS = 4;
const WAIT_MS = 10_000;

let pipeline: SharedPipeline;
let admin: KafkaAdmin;
let brokers: string;
let topic: string;
let opened: OpenedRecommender;

beforeAll(async () => {
  pipeline = await openSharedPipeline();
  brokers = pipeline.environment.REELSTREAM_KAFKA_BROKERS!;
  topic = pipeline.environment.REELSTREAM_RATINGS_TOPIC!;
  admin = createKafkaAdmin({ connection: connectionTo(brokers) });
  opened = await start();
});
afterAll(async () => {
  await opened?.service.stop();
  await admin?.close();
  await pipeline?.remove();
});

async function start(fromStart = false): Promise<OpenedRecommender> {
  const metrics = createMetrics({
    service: 'recommender',
    version: '0',
    names: LEARNER_METRICS,
    knownLabels: { topic: [topic], group: ['reelstream-recommender-0'], model: ['blend'] },
  });
  const settings = readSettings(pipeline.environment);
  const one = await openRecommender({ fromStart }, settings, { logger: silentLogger, metrics });
  return one;
}

const untilReady = ({ service }: OpenedRecommender) =>
  waitUntil(
    () => `ready: ${service.notReady().join('; ')}`,
    30_000,
    () => service.notReady().length === 0,
  );
const statusOf = ({ service }: OpenedRecommender) => service.status() as LearnerStatus;

describe('what the API asks of the recommender', () => {
  it('an event that is written is learned, once, and seen behind its position', async () => {
    await untilReady(opened);
    const { model, gateway } = opened.ports;
    const event = {
      userId: 42,
      movieId: 1,
      kind: 'RATED' as const,
      rating: 4.5,
      tsMs: Date.now(),
      source: 'api',
    };
    const position = await gateway.writeEvent(event, idOf(1));
    expect(await model.reached(position, WAIT_MS)).toBe(true);
    expect(model.reader.opinion(42, 1)).toMatchObject({ rating: 4.5, watched: false });
    expect(model.asOf().positions.get(position.slot)).toBe(position.offset + 1);
    const version = model.reader.version();
    // the same id again is a duplicate, whatever it says
    const again = await gateway.writeEvent({ ...event, rating: 1 }, idOf(1));
    expect(await model.reached(again, WAIT_MS)).toBe(true);
    expect(model.reader.opinion(42, 1)).toMatchObject({ rating: 4.5 });
    expect(model.reader.version()).toBe(version);
    expect(await model.reached({ ...again, offset: again.offset + 1 }, 50)).toBe(false);
    expect(await model.reached({ slot: 999, offset: 0 }, 50)).toBe(false);
  });

  it('profiles are read back from their topic, and deletions too', async () => {
    const { people, gateway, model } = opened.ports;
    await gateway.writeProfile(1_000, { gender: 'F', yearOfBirth: 1980 });
    expect(people.profile(1_000)).toEqual({ gender: 'F', yearOfBirth: 1980 });
    expect([people.takeNextId(), people.takeNextId()]).toEqual([1_001, 1_002]);
    await gateway.writeProfile(1_000, null);
    expect(people.profile(1_000)).toBeNull();
    const gone = {
      userId: 42,
      movieId: 0,
      kind: 'USER_DELETED' as const,
      rating: null,
      tsMs: Date.now(),
      source: '',
    };
    const position = await gateway.writeEvent(gone);
    expect(await model.reached(position, WAIT_MS)).toBe(true);
    expect(people.isDeleted(42)).toBe(true);
    expect(model.reader.opinions(42)).toEqual([]);
  });

  it('films have titles without years, years and genres', async () => {
    expect(opened.ports.films.film(1)).toMatchObject({
      title: 'Toy Story',
      year: 1995,
      genres: expect.arrayContaining(['Animation']),
      description: expect.stringMatching(/^Led by Woody, Andy's toys live happily/),
    });
    expect(opened.ports.films.film(2 ** 30)).toBeNull();
  });

  it('a restart goes on with the same state and the same people, and commits its lag', async () => {
    const before = opened.ports.model.asOf();
    await opened.service.stop();
    const group = await admin.committed('reelstream-recommender-0', topic);
    opened = await start();
    await untilReady(opened);
    expect(opened.ports.model.asOf()).toEqual(before);
    expect(opened.ports.people.isDeleted(42)).toBe(true);
    expect([...group.values()].reduce((sum, next) => sum + next, 0)).toBe(
      [...before.positions.values()].reduce((sum, next) => sum + next, 0),
    );
  });

  it('is open once', async () => {
    await expect(start()).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('a log that is not what was learned from', () => {
  it('halts the partitions of a topic that was deleted and made anew, and is refused at the next start', async () => {
    const { gateway, model } = opened.ports;
    for (let userId = 1; userId <= 40; userId++) {
      const event = { userId, movieId: 7, kind: 'RATED' as const, rating: 3, tsMs: Date.now(), source: '' };
      await model.reached(await gateway.writeEvent(event), WAIT_MS);
    }
    const kafka = plainKafka(brokers).admin();
    await kafka.connect();
    await kafka.deleteTopics({ topics: [topic] });
    await waitUntil('the topic is gone', 20_000, async () => !(await kafka.listTopics()).includes(topic));
    await kafka.disconnect();
    expect((await pipeline.run(['migrate', '--topics'])).code).toBe(0);
    await waitUntil(
      () => `every partition is halted: ${JSON.stringify(statusOf(opened).partitions)}`,
      40_000,
      () => {
        const { partitions } = statusOf(opened);
        return partitions.length === PARTITIONS && partitions.some(({ state }) => state === 'halted');
      },
    );
    expect(opened.service.notReady().join()).toMatch(/halted: .*--from-start/);
    await opened.service.stop();
    await expect(start()).rejects.toMatchObject({
      code: 'halted',
      message: expect.stringMatching(/--from-start/),
    });
    opened = await start(true);
    await untilReady(opened);
    expect(opened.ports.model.reader.ratings()).toBe(0);
  });

  it('is refused when it has lost what was not learned yet', async () => {
    const { gateway, model } = opened.ports;
    const event = { userId: 5, movieId: 7, kind: 'RATED' as const, rating: 3, tsMs: Date.now(), source: '' };
    await model.reached(await gateway.writeEvent(event), WAIT_MS);
    await opened.service.stop();
    const kafka = plainKafka(brokers);
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({
      topic,
      messages: Array.from({ length: 80 }, (_, i) => ({ key: `${i}`, value: 'poison' })),
    });
    await producer.disconnect();
    const ends = await admin.bounds(topic);
    const raw = kafka.admin();
    await raw.connect();
    // the library looks for leaders among topics that it has heard of
    await raw.fetchTopicOffsets(topic);
    await raw.deleteTopicRecords({
      topic,
      partitions: [...ends].map(([partition, { end }]) => ({ partition, offset: String(end) })),
    });
    await raw.disconnect();
    await expect(start()).rejects.toMatchObject({
      message: expect.stringMatching(/are gone from the log.*--from-start/),
    });
    opened = await start(true);
    await untilReady(opened);
  });
});
