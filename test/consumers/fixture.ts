import { Kafka, type Message, Partitioners } from 'kafkajs';
import { expect } from 'vitest';
import { audit } from '../../clickhouse/audit.ts';
import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { readStreams } from '../../clickhouse/slots.ts';
import { Sink } from '../../consumers/sink.ts';
import type { SinkOptions } from '../../consumers/sink-context.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import { noMetrics } from '../../core/metrics-port.ts';
import type { RatingEvent } from '../../core/rating-event.ts';
import { valueHashOf } from '../../core/value-hash.ts';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { createDeadLetterWriter } from '../../kafka/dead-letter-writer.ts';
import { createKafkajsReader } from '../../kafka/kafkajs-reader.ts';
import type { LogReader } from '../../kafka/log-reader.ts';
import { RATING_EVENT, RATINGS_SUBJECT } from '../../schemas/contracts.ts';
import { createRatingDecoder, createRatingEncoder } from '../../schemas/rating-codec.ts';
import { createRegistry, type Registry } from '../../schemas/registry.ts';
import { FILM_INDEX, openDatabase } from '../clickhouse/fixture.ts';
import { idOf, rating } from '../helpers/events.ts';
import { type Door, openDoor } from '../helpers/frozen-door.ts';
import { sharedClickHouse, sharedKafka, sharedRegistry } from '../helpers/shared.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { collect, connectionTo, createTopic, freshName, plainKafka } from '../kafka/log-fixture.ts';

/** A minute of the registry's patience in well under a second. */
const FAST = 200;
const hurriedClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  monotonicMs: () => systemClock.monotonicMs() * FAST,
  sleep: (ms, signal) => systemClock.sleep(ms / FAST, signal),
};

/** Real Kafka, registry and ClickHouse, shared with other files; the way to the registry is this file's own. */
export interface SinkStack {
  readonly kafka: { readonly brokers: string };
  readonly registry: Door;
  readonly clickhouse: { readonly url: string };
  readonly admin: KafkaAdmin;
  /** knows the rating schema already */
  readonly schemas: Registry;
  /** knows nothing yet */
  openRegistry(): Registry;
  readonly schemaId: number;
  readonly encode: (event: RatingEvent) => Buffer;
  remove(): Promise<void>;
}

export async function startSinkStack(): Promise<SinkStack> {
  const [brokers, url] = await Promise.all([sharedKafka(), sharedClickHouse()]);
  const registry = await openDoor(await sharedRegistry());
  const [kafka, clickhouse] = [{ brokers }, { url }];
  const admin = createKafkaAdmin({ connection: connectionTo(kafka.brokers) });
  const openRegistry = () =>
    createRegistry({ url: registry.url, witnessSubject: RATINGS_SUBJECT, clock: hurriedClock });
  const schemas = openRegistry();
  const schemaId = await schemas.register(RATING_EVENT);
  return {
    kafka,
    registry,
    clickhouse,
    admin,
    schemas,
    openRegistry,
    schemaId,
    encode: createRatingEncoder(schemaId),
    async remove() {
      await admin.close();
      await registry.shut();
    },
  };
}

/** A topic, a dead-letter topic, a group and a database that no other test knows. */
export interface SinkWorld {
  readonly admin: KafkaAdmin;
  readonly topic: string;
  readonly deadLetterTopic: string;
  readonly group: string;
  readonly db: ClickHouse;
  /** records that readers have delivered and sinks have not let go of: now, and at most */
  readonly held: { now: number; most: number };
  startSink(options?: Partial<SinkOptions>, elsewhere?: Elsewhere): Promise<Sink>;
  produce(partition: number, values: readonly (Buffer | null)[]): Promise<void>;
  /** `count` good ratings, each another event */
  produceRatings(partition: number, count: number): Promise<void>;
  rows(where?: string): Promise<number>;
  close(): Promise<void>;
}

/** What a second look at the same topic has for itself. */
export interface Elsewhere {
  readonly group: string;
  readonly db: ClickHouse;
  readonly schemas: Registry;
  readonly clock: Clock;
}

let events = 0;

export async function openWorld(
  stack: SinkStack,
  partitions = 1,
  config: Record<string, string> = {},
): Promise<SinkWorld> {
  const { kafka, encode } = stack;
  const connection = connectionTo(kafka.brokers);
  const admin = createKafkaAdmin({ connection });
  const topic = await createTopic(admin, partitions, config);
  const deadLetterTopic = await createTopic(admin);
  const db = await openDatabase(stack.clickhouse.url);
  const here: Elsewhere = { group: freshName('group'), db, schemas: stack.schemas, clock: systemClock };
  const held = { now: 0, most: 0 };
  const closers: (() => Promise<void>)[] = [];

  async function startSink(options: Partial<SinkOptions> = {}, elsewhere = here): Promise<Sink> {
    const { group, schemas, clock } = elsewhere;
    const deadLetters = createDeadLetterWriter({ connection, topic: deadLetterTopic });
    const reader = createKafkajsReader({
      connection,
      topic,
      groupId: group,
      sessionTimeoutMs: 6_000,
      rebalanceTimeoutMs: 10_000,
      heartbeatIntervalMs: 200,
      maxBytesPerPartition: FETCH_BYTES,
    });
    const sink = new Sink(
      { ...OPTIONS, topic, group, ...options },
      {
        reader: weighed(reader, held),
        store: await createSinkStore(elsewhere.db, {
          clock,
          insertTimeoutMs: 10_000,
          drain: { graceMs: 200, timeoutMs: 5_000 },
        }),
        probe: admin,
        decoder: createRatingDecoder({ maxBytes: MAX_RECORD_BYTES }),
        schemaOf: (schemaId, signal) => schemas.schemaOf(schemaId, signal),
        writeDeadLetters: (records) => deadLetters.write(records),
        films: () => FILM_INDEX,
        metrics: noMetrics,
        logger: silentLogger,
        clock,
      },
    );
    closers.push(async () => {
      await sink.stop();
      await deadLetters.close();
    });
    await sink.start();
    return sink;
  }

  async function produce(partition: number, values: readonly (Buffer | null)[]): Promise<void> {
    const producer = plainKafka(kafka.brokers).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    for (let at = 0; at < values.length; at += PRODUCED_AT_ONCE) {
      const messages: Message[] = values
        .slice(at, at + PRODUCED_AT_ONCE)
        .map((value) => ({ partition, key: 'k', value }));
      await producer.send({ topic, messages });
    }
    await producer.disconnect();
  }

  return {
    admin,
    topic,
    deadLetterTopic,
    group: here.group,
    db,
    held,
    startSink,
    produce,
    produceRatings: (partition, count) =>
      produce(
        partition,
        Array.from({ length: count }, () => encode(freshRating())),
      ),
    async rows(where = '1') {
      const [row] = await db.query<{ n: string }>(`SELECT count() AS n FROM events_raw WHERE ${where}`);
      return Number(row!.n);
    },
    async close() {
      for (const one of closers) await one();
      await Promise.all([admin.close(), db.close()]);
    },
  };
}

/** Counts the records of fetches that are still being taken. */
function weighed(reader: LogReader, held: SinkWorld['held']): LogReader {
  return {
    start: (handlers) =>
      reader.start({
        ...handlers,
        async onFetch(fetch) {
          held.now += fetch.records.length;
          held.most = Math.max(held.most, held.now);
          await handlers.onFetch(fetch);
          held.now -= fetch.records.length;
        },
      }),
    seek: (partition, offset) => reader.seek(partition, offset),
    pause: (partitions) => reader.pause(partitions),
    resume: (partitions) => reader.resume(partitions),
    commit: (positions) => reader.commit(positions),
    stop: () => reader.stop(),
  };
}

export const MAX_RECORD_BYTES = 5_000;
/** One batch of the producer below, so that a fetch is never much more. */
const FETCH_BYTES = 100_000;
/** Records that `produce` sends at once: Kafka gives out no less. */
export const PRODUCED_AT_ONCE = 2_000;

const OPTIONS: Omit<SinkOptions, 'topic' | 'group'> = {
  allowedLatenessMs: 86_400_000,
  flushMinIntervalMs: 50,
  flushMaxIntervalMs: 200,
  maxBatchRows: 20_000,
  maxBatchBytes: 8_000_000,
  insertTimeoutMs: 12_000,
  stallTimeoutMs: 20_000,
  deadLetterTimeoutMs: 5_000,
  revokeTimeoutMs: 4_000,
  drainTimeoutMs: 10_000,
  retryMinMs: 100,
  retryMaxMs: 1_000,
  fencedRetryMs: 1_000,
};

/** A rating that no other test has made. */
export function freshRating(changes: Partial<RatingEvent> = {}): RatingEvent {
  events += 1;
  return rating({
    eventId: idOf(events),
    userId: 1 + (events % 50),
    movieId: 1 + (events % 44),
    rating: (events % 11) / 2,
    tsMs: Date.now() - 1_000,
    ...changes,
  });
}

/** Raw holds the log: every record once, with its time, its fingerprint, and what the log skipped before it. */
export async function expectRawIsLog(stack: SinkStack, world: SinkWorld): Promise<void> {
  const bounds = await world.admin.bounds(world.topic);
  const streams = (await readStreams(world.db)).filter(({ topic }) => topic === world.topic);
  for (const { partition, slot } of streams) {
    const inLog = await readPartition(stack, world.topic, partition, bounds.get(partition)!.end);
    const rows = await world.db.query<{ row: string }>(
      `SELECT concat(toString(kafka_offset), ' ', toString(skipped_before), ' ',
                     toString(toUnixTimestamp64Milli(log_ts)), ' ', toString(value_hash)) AS row
       FROM events_raw WHERE slot = ${slot} ORDER BY kafka_offset`,
    );
    let next = 0;
    const expected = inLog.map(({ offset, logTsMs, value }) => {
      const skipped = offset - next;
      next = offset + 1;
      return `${offset} ${skipped} ${logTsMs} ${valueHashOf(value)}`;
    });
    expect(rows.map(({ row }) => row)).toEqual(expected);
  }
}

/** The same, and every aggregate is what its view makes of raw. */
export async function expectExact(stack: SinkStack, world: SinkWorld): Promise<void> {
  await expectRawIsLog(stack, world);
  const slots = (await readStreams(world.db)).map(({ slot }) => slot);
  const report = await audit(world.db, slots);
  expect(report.tables.filter(({ differing }) => differing > 0)).toEqual([]);
  expect(report).toMatchObject({ exact: true, gaps: [], unfinished: [] });
}

async function readPartition(stack: SinkStack, topic: string, partition: number, end: number) {
  const collected = await collect(stack.kafka.brokers, topic, freshName('oracle'), {
    startAt: (one) => (one === partition ? 0 : undefined),
  });
  const last = () => collected.fetches.at(-1)?.nextPosition ?? 0;
  await waitUntil(`all of ${topic}[${partition}] read`, 20_000, () => last() >= end || end === 0);
  await collected.reader.stop();
  return collected.fetches.flatMap(({ records }) => records);
}

export interface Letter {
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Everything in a topic, headers included, by the library's own consumer. */
export async function readLetters(stack: SinkStack, topic: string): Promise<Letter[]> {
  const end = (await stack.admin.bounds(topic)).get(0)!.end;
  const letters: Letter[] = [];
  const consumer = new Kafka({ brokers: [stack.kafka.brokers], logLevel: 0 }).consumer({
    groupId: freshName('letters'),
    // it also waits this long before it lets go
    maxWaitTimeInMs: 100,
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message: { key, value, headers = {} } }) => {
      const texts = Object.entries(headers).map(([name, text]) => [name, String(text)] as const);
      letters.push({ key: key && String(key), value, headers: Object.fromEntries(texts) });
    },
  });
  await waitUntil('all dead letters read', 20_000, () => letters.length >= end);
  await consumer.disconnect();
  return letters;
}

export const states = (sink: Sink): string[] => sink.status().partitions.map(({ state }) => state);
