import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStreams } from '../../clickhouse/slots.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { plainKafka } from '../kafka/log-fixture.ts';
import {
  expectExact,
  expectRawIsLog,
  freshRating,
  MAX_RECORD_BYTES,
  openWorld,
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
): Promise<void> {
  const world = await openWorld(stack, partitions, config);
  try {
    await body(world);
  } finally {
    await world.close();
  }
}

const untilRows = (world: SinkWorld, count: number, timeoutMs = 30_000) =>
  waitUntil(`${count} rows`, timeoutMs, async () => (await world.rows()) >= count);

/** A schema id that nobody registered, in front of good Avro bytes. */
function ofUnknownSchema(good: Buffer): Buffer {
  const bytes = Buffer.from(good);
  bytes.writeInt32BE(999_999, 1);
  return bytes;
}

// side by side where nothing is taken away from a neighbour: most of their time is waiting
describe.concurrent('every verdict, with real bytes', () => {
  it('ends in events_raw with its reason, and dead letters in their topic as they came', async () =>
    inWorld(1, {}, async (world) => {
      const good = stack.encode(freshRating());
      const again = freshRating();
      const bad: [string, Buffer | null][] = [
        ['bad_magic', Buffer.from('not Avro at all')],
        ['bad_magic', Buffer.alloc(0)],
        ['unknown_schema', ofUnknownSchema(good)],
        ['decode', good.subarray(0, good.length - 3)],
        ['decode', null],
        ['trailing_bytes', Buffer.concat([good, Buffer.of(0)])],
        ['domain', stack.encode(freshRating({ userId: -7, rating: 3.25 }))],
        ['domain', stack.encode(freshRating({ tsMs: Date.now() + 10 * 60_000 }))],
        ['too_large', Buffer.alloc(MAX_RECORD_BYTES + 1, 1)],
      ];
      const canary = stack.encode(freshRating({ kind: 'CANARY', userId: 0, movieId: 0, rating: null }));
      await world.produce(0, [
        good,
        ...bad.map(([, bytes]) => bytes),
        stack.encode(again),
        stack.encode(again),
        canary,
        stack.encode(freshRating({ tsMs: Date.UTC(1996, 3, 1) })),
      ]);
      await world.startSink();
      await untilRows(world, 5 + bad.length);
      const rows = await world.db.query<{ reason: string; verdict: string; late: boolean }>(
        'SELECT verdict, reason, late FROM events_raw ORDER BY kafka_offset',
      );
      expect(rows.map(({ verdict, reason }) => `${verdict} ${reason}`)).toEqual([
        'ok none',
        ...bad.map(([reason]) => `dead_letter ${reason}`),
        'ok none',
        'drop duplicate',
        'drop canary',
        'ok none',
      ]);
      expect(rows.at(-1)!.late).toBe(true);
      const letters = await readLetters(stack, world.deadLetterTopic);
      expect(
        letters.map(({ key, value, headers }) => ({ key, value, reason: headers['reelstream-reason'] })),
      ).toEqual(bad.map(([reason, value]) => ({ key: 'k', value, reason })));
      expect(letters[0]!.headers).toMatchObject({
        'reelstream-topic': world.topic,
        'reelstream-partition': '0',
        'reelstream-offset': '1',
      });
      await expectExact(stack, world);
    }));

  it('survives 10,000 random byte strings, and accounts for each of them', async () =>
    inWorld(1, {}, async (world) => {
      const values = Array.from({ length: 10_000 }, (_, i) => randomBytes((i * 7) % 90));
      await world.produceRatings(0, 100);
      await world.produce(0, values);
      await world.produceRatings(0, 100);
      await world.startSink();
      await untilRows(world, 10_200, 55_000);
      expect(await world.rows("verdict = 'ok'")).toBe(200);
      expect(await world.rows("verdict = 'dead_letter'")).toBe(10_000);
      const letters = await readLetters(stack, world.deadLetterTopic);
      const byOffset = new Map(
        letters.map((letter) => [Number(letter.headers['reelstream-offset']), letter]),
      );
      expect(byOffset.size).toBe(10_000);
      values.forEach((value, i) => {
        if (!byOffset.get(100 + i)!.value!.equals(value)) expect.unreachable(`letter ${i} has other bytes`);
      });
      await expectExact(stack, world);
    }));
});

describe.concurrent('position', () => {
  it.each([
    ['5,000 too low', -5_000],
    ['5,000 too high', 5_000],
  ])('comes from the tables when the committed offset is %s', async (_, shift) =>
    inWorld(1, {}, async (world) => {
      await world.produceRatings(0, 6_000);
      const first = await world.startSink();
      await untilRows(world, 6_000);
      await first.stop();
      await world.admin.setCommitted(world.group, world.topic, new Map([[0, 6_000 + shift]]));
      await world.produceRatings(0, 6_000);
      await world.startSink();
      await untilRows(world, 12_000);
      await expectExact(stack, world);
    }),
  );

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

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])('reads %s', async (codec) =>
    inWorld(1, { 'compression.type': codec }, async (world) => {
      await world.produceRatings(0, 3_000);
      await world.startSink();
      await untilRows(world, 3_000);
      expect(await world.rows("verdict = 'ok'")).toBe(3_000);
      await expectRawIsLog(stack, world);
    }),
  );

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
      await world.produceRatings(0, 200);
      const sink = await world.startSink();
      await waitUntil('it halts', 20_000, () => states(sink)[0] === 'halted');
      expect(sink.notReady()[0]).toMatch(/not the one that the table holds/);
      expect(await world.rows()).toBe(100);
    }));
});

describe('outages and hand-overs', () => {
  it('waits for the registry instead of judging without it', async () =>
    inWorld(2, {}, async (world) => {
      await world.produceRatings(0, 50);
      const other = ofUnknownSchema(stack.encode(freshRating()));
      other.writeInt32BE(888_888, 1);
      await world.produce(0, [other]);
      await world.produceRatings(0, 50);
      await world.produceRatings(1, 50);
      stack.registry.pause();
      try {
        const sink = await world.startSink();
        await waitUntil('the partition waits', 15_000, () =>
          sink.notReady().some((why) => /registry/.test(why)),
        );
        expect(await world.rows("verdict = 'dead_letter'")).toBe(0);
      } finally {
        stack.registry.resume();
      }
      await untilRows(world, 151);
      expect(await world.rows("reason = 'unknown_schema'")).toBe(1);
      expect(await world.rows("verdict = 'ok'")).toBe(150);
    }));

  it('goes on by itself after ClickHouse was away', async () =>
    inWorld(2, {}, async (world) => {
      await world.produceRatings(0, 2_000);
      const sink = await world.startSink();
      await untilRows(world, 1_000);
      await stack.clickhouse.kill();
      await world.produceRatings(0, 3_000);
      await world.produceRatings(1, 3_000);
      await waitUntil('it is in doubt', 20_000, () => states(sink).some((state) => state !== 'streaming'));
      expect(sink.status().batchRows).toBeLessThanOrEqual(20_000);
      await stack.clickhouse.restart();
      await untilRows(world, 8_000);
      await expectExact(stack, world);
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
