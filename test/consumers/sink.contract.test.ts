import { randomBytes } from 'node:crypto';
import { ConfigResourceTypes } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { readStreams } from '../../clickhouse/slots.ts';
import { systemClock } from '../../core/clock.ts';
import { openDatabase } from '../clickhouse/fixture.ts';
import { startTestClickHouse } from '../helpers/clickhouse-server.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { plainKafka } from '../kafka/log-fixture.ts';
import {
  type Elsewhere,
  expectExact,
  expectRawIsLog,
  freshRating,
  MAX_RECORD_BYTES,
  openWorld,
  PRODUCED_AT_ONCE,
  readLetters,
  type SinkStack,
  type SinkWorld,
  startSinkStack,
  states,
} from './fixture.ts';

let stack: SinkStack;

beforeAll(async () => {
  stack = await startSinkStack();
});
afterAll(() => stack.remove());

async function inWorld(
  partitions: number,
  config: Record<string, string>,
  body: (world: SinkWorld) => Promise<void>,
  servers = stack,
): Promise<void> {
  const world = await openWorld(servers, partitions, config);
  try {
    await body(world);
  } finally {
    await world.close();
  }
}

const untilRows = (world: SinkWorld, count: number, timeoutMs = 30_000) =>
  waitUntil(`${count} rows`, timeoutMs, async () => (await world.rows()) >= count);

/** The broker then packs what comes anew, whatever the producer did. */
async function packWith(codec: string, topic: string): Promise<void> {
  const admin = plainKafka(stack.kafka.brokers).admin();
  await admin.connect();
  // the request replaces every setting of the topic
  const configEntries = [
    { name: 'compression.type', value: codec },
    { name: 'message.timestamp.type', value: 'LogAppendTime' },
  ];
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
  });
  await admin.disconnect();
}

/** A schema id that nobody registered, in front of good Avro bytes. */
function ofUnknownSchema(good: Buffer): Buffer {
  const bytes = Buffer.from(good);
  bytes.writeInt32BE(999_999, 1);
  return bytes;
}

/** Records of every verdict, with what must become of them; some depend on when Kafka took them. */
function everyVerdict(): { readonly values: (Buffer | null)[]; readonly verdicts: string[] } {
  const good = stack.encode(freshRating());
  const again = stack.encode(freshRating());
  const soon = Date.now() + 10 * 60_000;
  const records: [verdict: string, value: Buffer | null][] = [
    ['ok none', good],
    ['dead_letter bad_magic', Buffer.from('not Avro at all')],
    ['dead_letter bad_magic', Buffer.alloc(0)],
    ['dead_letter unknown_schema', ofUnknownSchema(good)],
    ['dead_letter decode', good.subarray(0, good.length - 3)],
    ['dead_letter decode', null],
    ['dead_letter trailing_bytes', Buffer.concat([good, Buffer.of(0)])],
    ['dead_letter domain', stack.encode(freshRating({ userId: -7, rating: 3.25 }))],
    ['dead_letter domain', stack.encode(freshRating({ tsMs: soon }))],
    ['dead_letter too_large', Buffer.alloc(MAX_RECORD_BYTES + 1, 1)],
    ['ok none', again],
    ['drop duplicate', again],
    ['drop canary', stack.encode(freshRating({ kind: 'CANARY', userId: 0, movieId: 0, rating: null }))],
    ['drop duplicate', good],
    ['ok none late', stack.encode(freshRating({ tsMs: Date.UTC(1996, 3, 1) }))],
  ];
  return { values: records.map(([, value]) => value), verdicts: records.map(([verdict]) => verdict) };
}

const verdictsIn = async (db: ClickHouse): Promise<string[]> => {
  const rows = await db.query<{ verdict: string }>(
    `SELECT concat(verdict, ' ', reason, if(late, ' late', '')) AS verdict FROM events_raw ORDER BY kafka_offset`,
  );
  return rows.map(({ verdict }) => verdict);
};

// side by side where nothing is taken away from a neighbour: most of their time is waiting
describe.concurrent('every verdict, with real bytes', () => {
  it('ends in events_raw with its reason, and dead letters in their topic as they came', async () =>
    inWorld(1, {}, async (world) => {
      const { values, verdicts } = everyVerdict();
      await world.produce(0, values);
      await world.startSink();
      await untilRows(world, values.length);
      expect(await verdictsIn(world.db)).toEqual(verdicts);
      const letters = await readLetters(stack, world.deadLetterTopic);
      expect(
        letters.map(({ key, value, headers }) => ({ key, value, verdict: headers['reelstream-reason'] })),
      ).toEqual(
        verdicts.flatMap((verdict, i) => {
          const [kind, reason] = verdict.split(' ');
          return kind === 'dead_letter' ? [{ key: 'k', value: values[i], verdict: reason }] : [];
        }),
      );
      expect(letters[0]!.headers).toMatchObject({
        'reelstream-topic': world.topic,
        'reelstream-partition': '0',
        'reelstream-offset': '1',
      });
      await expectExact(stack, world);
    }));

  it('survives 10,000 random byte strings, and accounts for each of them by its own reason', async () =>
    inWorld(1, {}, async (world) => {
      const values = Array.from({ length: 10_000 }, (_, i) => randomBytes((i * 7) % 90));
      await world.produceRatings(0, 100);
      await world.produce(0, values);
      await world.produceRatings(0, 100);
      await world.startSink();
      await untilRows(world, 10_200, 55_000);
      const verdictOf = (value: Buffer) =>
        value.length < 5 || value[0] !== 0 ? 'dead_letter bad_magic' : 'dead_letter unknown_schema';
      const good = Array.from({ length: 100 }, () => 'ok none');
      expect(await verdictsIn(world.db)).toEqual([...good, ...values.map(verdictOf), ...good]);
      const letters = await readLetters(stack, world.deadLetterTopic);
      const byOffset = new Map(
        letters.map((letter) => [Number(letter.headers['reelstream-offset']), letter]),
      );
      expect(byOffset.size).toBe(10_000);
      values.forEach((value, i) => {
        const letter = byOffset.get(100 + i)!;
        if (!letter.value!.equals(value)) expect.unreachable(`letter ${i} has other bytes`);
        if (`dead_letter ${letter.headers['reelstream-reason']}` !== verdictOf(value)) {
          expect.unreachable(`letter ${i} is said to be ${letter.headers['reelstream-reason']}`);
        }
      });
      await expectExact(stack, world);
    }));
});

describe.concurrent('position', () => {
  it('comes from the tables when the committed offset is 5,000 too low or too high', async () =>
    inWorld(2, {}, async (world) => {
      const both = [0, 1];
      await Promise.all(both.map((partition) => world.produceRatings(partition, 6_000)));
      const first = await world.startSink();
      await untilRows(world, 12_000);
      await first.stop();
      const wrong = new Map([
        [0, 1_000],
        [1, 11_000],
      ]);
      await world.admin.setCommitted(world.group, world.topic, wrong);
      await Promise.all(both.map((partition) => world.produceRatings(partition, 6_000)));
      await world.startSink();
      await untilRows(world, 24_000);
      await expectExact(stack, world);
    }));

  it('leaves out aborted transactions and says how much was skipped', async () =>
    inWorld(1, {}, async (world) => {
      const producer = plainKafka(stack.kafka.brokers).producer({
        idempotent: true,
        maxInFlightRequests: 1,
        transactionalId: world.topic,
      });
      await producer.connect();
      for (const outcome of ['commit', 'abort', 'abort', 'commit', 'abort', 'commit'] as const) {
        const transaction = await producer.transaction();
        const messages = Array.from({ length: 30 }, () => ({ key: 'k', value: stack.encode(freshRating()) }));
        await transaction.send({ topic: world.topic, messages });
        await transaction[outcome]();
      }
      await producer.disconnect();
      const sink = await world.startSink();
      await untilRows(world, 90);
      await waitUntil(
        'the last marker is passed',
        5_000,
        () => sink.status().partitions[0]?.position === 186,
      );
      await expectExact(stack, world);
      const [row] = await world.db.query<{ skipped: string }>(
        'SELECT sum(skipped_before) AS skipped FROM events_raw',
      );
      expect(Number(row!.skipped)).toBe(95);
      await sink.stop();
      expect((await world.admin.committed(world.group, world.topic)).get(0)).toBe(186);
    }));

  it('is found in batches of every codec', async () =>
    inWorld(1, {}, async (world) => {
      for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
        await packWith(codec, world.topic);
        await world.produceRatings(0, 1_000);
      }
      await world.startSink();
      await untilRows(world, 4_000);
      expect(await world.rows("verdict = 'ok'")).toBe(4_000);
      await expectRawIsLog(stack, world);
    }));

  it('halts when the topic was re-created under the same name, and says so', async () =>
    inWorld(1, {}, async (world) => {
      await world.produceRatings(0, 100);
      const first = await world.startSink();
      await untilRows(world, 100);
      await first.stop();
      const admin = plainKafka(stack.kafka.brokers).admin();
      await admin.connect();
      await admin.deleteTopics({ topics: [world.topic] });
      await waitUntil(
        'the topic is gone',
        10_000,
        async () => !(await admin.listTopics()).includes(world.topic),
      );
      const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];
      await admin.createTopics({ topics: [{ topic: world.topic, numPartitions: 1, configEntries }] });
      await admin.disconnect();
      // the broker takes the order for a topic a moment before it knows the topic
      await waitUntil('the new topic takes records', 20_000, () =>
        world.produceRatings(0, 200).then(
          () => true,
          () => false,
        ),
      );
      const sink = await world.startSink();
      await waitUntil('it halts', 20_000, () => states(sink)[0] === 'halted');
      expect(sink.notReady()[0]).toMatch(/not the one that the table holds/);
      expect(await world.rows()).toBe(100);
    }));

  it('shares partitions out while three members join at once, and once more when they leave', async () =>
    inWorld(6, {}, async (world) => {
      const isDone = { value: false };
      let produced = 0;
      const producing = (async () => {
        while (!isDone.value) {
          await world.produceRatings(produced % 6, 500);
          produced += 1;
        }
      })();
      const first = await world.startSink();
      await untilRows(world, 1_000);
      const [second, third] = await Promise.all([world.startSink(), world.startSink()]);
      const all = [first, second, third];
      await waitUntil('each has two', 30_000, () =>
        all.every((sink) => states(sink).join() === 'streaming,streaming'),
      );
      await first.stop();
      await waitUntil('two have three', 30_000, () =>
        [second, third].every((sink) => states(sink).join() === 'streaming,streaming,streaming'),
      );
      isDone.value = true;
      await producing;
      await untilRows(world, produced * 500);
      await expectExact(stack, world);
      const streams = await readStreams(world.db);
      expect(streams.length).toBe(6);
    }));
});

const YEAR_MS = 365 * 86_400_000;
const factsIn = async (db: ClickHouse): Promise<string[]> => {
  const rows = await db.query<{ row: string }>(
    'SELECT toString(tuple(* EXCEPT (ingested_at, slot))) AS row FROM events_raw ORDER BY kafka_offset',
  );
  return rows.map(({ row }) => row);
};

describe('outages', () => {
  it('change no verdict: the same log read again a year later, the registry away in between, gives the same rows', async () =>
    inWorld(1, {}, async (world) => {
      const { values, verdicts } = everyVerdict();
      await world.produce(0, values);
      await world.startSink();
      await untilRows(world, values.length);
      const elsewhere: Elsewhere = {
        group: `${world.group}-again`,
        db: await openDatabase(stack.clickhouse.url),
        schemas: stack.openRegistry(),
        clock: { ...systemClock, nowMs: () => Date.now() + YEAR_MS },
      };
      stack.registry.freeze();
      try {
        const again = await world.startSink({}, elsewhere);
        await waitUntil('the partition waits', 15_000, () =>
          again.notReady().some((why) => /registry/.test(why)),
        );
        expect(again.status().counts.consumed).toBe(0);
      } finally {
        stack.registry.thaw();
      }
      await waitUntil('the same rows', 20_000, async () => {
        return (await factsIn(elsewhere.db)).length >= values.length;
      });
      expect(await factsIn(elsewhere.db)).toEqual(await factsIn(world.db));
      expect(await verdictsIn(elsewhere.db)).toEqual(verdicts);
      await elsewhere.db.close();
    }));

  it('goes on by itself after ClickHouse was away, and holds no more than its limits meanwhile', async ({
    onTestFinished,
  }) => {
    const clickhouse = await startTestClickHouse();
    onTestFinished(() => clickhouse.stop());
    const goesOn = async (world: SinkWorld) => {
      const maxBatchRows = 1_000;
      await world.produceRatings(0, 2_000);
      const sink = await world.startSink({ maxBatchRows });
      await untilRows(world, 1_000);
      await clickhouse.kill();
      await Promise.all([0, 1].map((partition) => world.produceRatings(partition, 10_000)));
      const look = () => {
        const { batchRows, inFlightRows } = sink.status();
        expect(Math.max(batchRows, inFlightRows)).toBeLessThanOrEqual(maxBatchRows);
      };
      await waitUntil('all is in doubt', 20_000, () => {
        look();
        return states(sink).every((state) => state !== 'streaming');
      });
      const { consumed } = sink.status().counts;
      const sinceMs = performance.now();
      await waitUntil('an outage that lasts', 5_000, () => {
        look();
        return performance.now() - sinceMs > 1_500;
      });
      expect(sink.status().counts.consumed).toBe(consumed);
      await clickhouse.restart();
      await waitUntil('all 22,000 rows', 40_000, async () => {
        look();
        return (await world.rows()) >= 22_000;
      });
      // of each partition one fetch waits its turn
      expect(world.held.most).toBeLessThanOrEqual(2 * PRODUCED_AT_ONCE);
      await expectExact(stack, world);
    };
    await inWorld(2, {}, goesOn, { ...stack, clickhouse });
  });
});
