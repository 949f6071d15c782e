import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { createKafkajsReader } from '../../kafka/kafkajs-reader.ts';
import { startTestKafka, type TestKafka } from '../helpers/stack.ts';
import {
  collect,
  connectionTo,
  createTopic,
  expectContiguous,
  fill,
  freshName,
  range,
  waitUntil,
} from './log-fixture.ts';

let kafka: TestKafka;
let admin: KafkaAdmin;
beforeAll(async () => {
  kafka = await startTestKafka();
  admin = createKafkaAdmin({ connection: connectionTo(kafka.brokers) });
});
afterAll(async () => {
  await admin?.close();
  await kafka?.remove();
});

describe.concurrent('positions', () => {
  it.each([
    ['5,000 too low', 3_000],
    ['5,000 too high', 13_000],
    ['behind the end of the log', 1_000_000],
  ])('delivers exactly from the sought offset when the committed one is %s', async (_, committed) => {
    const topic = await createTopic(admin, 2);
    const group = freshName('group');
    await fill(kafka.brokers, topic, 0, 15_000);
    await fill(kafka.brokers, topic, 1, 15_000);
    await admin.setCommitted(
      group,
      topic,
      new Map([
        [0, committed],
        [1, committed],
      ]),
    );
    const collected = await collect(kafka.brokers, topic, group, {
      startAt: () => 8_000,
      maxBytesPerPartition: 20_000,
    });
    await waitUntil(() => [0, 1].every((p) => collected.values(p).length >= 7_000), 'all records');
    await collected.reader.stop();
    for (const partition of [0, 1]) {
      expect(collected.values(partition)).toEqual(range(8_000, 15_000));
      expectContiguous(
        collected.fetches.filter((fetch) => fetch.partition === partition),
        8_000,
      );
    }
    expect(collected.halted).toEqual([]);
    expect(collected.fatal).toEqual([]);
  });

  it('reads nothing before seek and resume, and tells the log end and the times with the records', async () => {
    const topic = await createTopic(admin);
    await fill(kafka.brokers, topic, 0, 10);
    const collected = await collect(kafka.brokers, topic, freshName('group'), { startAt: () => undefined });
    await waitUntil(() => collected.owned.length === 1, 'assignment');
    collected.reader.resume([0]);
    collected.reader.pause([0]);
    collected.reader.seek(0, 4);
    expect(collected.fetches).toEqual([]);
    const beforeMs = Date.now();
    collected.reader.resume([0]);
    await waitUntil(() => collected.fetches.length > 0, 'a fetch');
    await collected.reader.stop();
    const [fetch] = collected.fetches;
    expect(fetch).toMatchObject({ partition: 0, position: 4, nextPosition: 10, highWatermark: 10 });
    expect(fetch!.records.map(({ offset, value, key }) => [offset, `${value}`, `${key}`])).toEqual(
      range(4, 10).map((offset) => [offset, `${offset}`, 'k']),
    );
    expect(Math.abs(fetch!.records[0]!.logTsMs - beforeMs)).toBeLessThan(20_000);
  });

  it('delivers nothing from the old position after a seek, wherever the seek comes from', async () => {
    const topic = await createTopic(admin);
    await fill(kafka.brokers, topic, 0, 4_000);
    let jumps = 0;
    const collected = await collect(kafka.brokers, topic, freshName('group'), {
      maxBytesPerPartition: 1_000,
      async onFetch({ nextPosition }) {
        // Once from inside the handler, then from outside while the next fetch is under way
        if (jumps === 0 && nextPosition >= 1_000) {
          jumps = 1;
          collected.reader.seek(0, 2_000);
        } else if (jumps === 1 && nextPosition >= 3_000) {
          jumps = 2;
          setTimeout(() => collected.reader.seek(0, 100), 0);
        }
      },
    });
    await waitUntil(() => {
      const restart = collected.fetches.findIndex(({ position }) => position === 100);
      return (
        restart > 0 && collected.fetches.slice(restart).some(({ nextPosition }) => nextPosition === 4_000)
      );
    }, 'the end, again');
    await collected.reader.stop();
    const starts = collected.fetches.filter(
      (fetch, i) => i === 0 || fetch.position !== collected.fetches[i - 1]!.nextPosition,
    );
    expect(starts.map(({ position }) => position)).toEqual([0, 2_000, 100]);
    for (const fetch of collected.fetches) expectContiguous([fetch], fetch.position);
  });

  it('delivers nothing of a paused partition and goes on without a seam, others running on', async () => {
    const topic = await createTopic(admin, 2);
    await fill(kafka.brokers, topic, 0, 3_000);
    await fill(kafka.brokers, topic, 1, 3_000);
    let paused = false;
    const collected = await collect(kafka.brokers, topic, freshName('group'), {
      maxBytesPerPartition: 2_000,
      async onFetch({ partition, nextPosition }) {
        if (partition === 0 && paused) throw new Error('delivered while paused');
        if (partition !== 0 || nextPosition < 1_000 || nextPosition > 2_000) return;
        paused = true;
        collected.reader.pause([0]);
      },
    });
    await waitUntil(() => collected.values(1).length === 3_000 && paused, 'the other partition');
    paused = false;
    collected.reader.resume([0]);
    await waitUntil(() => {
      if (paused) {
        paused = false;
        collected.reader.resume([0]);
      }
      return collected.values(0).length === 3_000;
    }, 'the paused partition');
    await collected.reader.stop();
    expect(collected.values(0)).toEqual(range(0, 3_000));
    expect(collected.fatal).toEqual([]);
  });

  it('waits for the handler before the next fetch of a partition', async () => {
    const topic = await createTopic(admin, 2);
    await fill(kafka.brokers, topic, 0, 2_000);
    await fill(kafka.brokers, topic, 1, 2_000);
    let release = () => {};
    const collected = await collect(kafka.brokers, topic, freshName('group'), {
      maxBytesPerPartition: 1_000,
      onFetch: ({ partition, position }) =>
        partition === 0 && position === 0
          ? new Promise<void>((resolve) => {
              release = resolve;
            })
          : Promise.resolve(),
    });
    const ofTheWaiting = () => collected.fetches.filter(({ partition }) => partition === 0);
    await waitUntil(() => ofTheWaiting().length > 0, 'the first fetch of the partition that waits');
    await waitUntil(() => collected.values(1).length === 2_000, 'the other partition');
    expect(ofTheWaiting()).toHaveLength(1);
    release();
    await waitUntil(() => collected.values(0).length === 2_000, 'the partition that waited');
    await collected.reader.stop();
    expect(collected.values(0)).toEqual(range(0, 2_000));
  });
});

describe.concurrent('what cannot be read', () => {
  it.each([
    ['behind its end', 500],
    ['before its start', -1],
  ])('reports an offset %s and never resets it', async (_, offset) => {
    const topic = await createTopic(admin);
    await fill(kafka.brokers, topic, 0, 10);
    const collected = await collect(kafka.brokers, topic, freshName('group'), { startAt: () => offset });
    await waitUntil(() => collected.halted.length === 1, 'the report');
    expect(collected.halted[0]).toMatchObject({ partition: 0, code: 'halted' });
    collected.reader.seek(0, 5);
    await waitUntil(() => collected.values().length === 5, 'the rest');
    expect(collected.values()).toEqual(range(5, 10));
    expect(collected.halted).toHaveLength(1);
    await collected.reader.stop();
    expect(collected.fatal).toEqual([]);
  });

  it('is fatal for a service that does not handle it', async () => {
    const topic = await createTopic(admin);
    const collected = await collect(kafka.brokers, topic, freshName('group'), {
      startAt: () => 7,
      withoutOnHalted: true,
    });
    await waitUntil(() => collected.fatal.length === 1, 'the end');
    expect(collected.fatal[0]).toMatchObject({ code: 'halted' });
    await collected.reader.stop();
  });

  it('refuses to start without the topic, and without Kafka', async () => {
    const handlers = {
      onAssigned() {},
      async onRevoked() {},
      onLost() {},
      async onFetch() {},
      onFatal() {},
    };
    const options = { groupId: 'g', topic: 'nowhere', startTimeoutMs: 1_000 };
    await expect(
      createKafkajsReader({ ...options, connection: connectionTo(kafka.brokers) }).start(handlers),
    ).rejects.toMatchObject({ code: 'kafka', message: expect.stringContaining('nowhere') });
    await expect(
      createKafkajsReader({ ...options, connection: connectionTo('127.0.0.1:1') }).start(handlers),
    ).rejects.toMatchObject({ retryable: true });
  });
});

describe('commit', () => {
  it('is a hint others can read, and silent about partitions that are not ours', async () => {
    const topic = await createTopic(admin, 2);
    const group = freshName('group');
    const collected = await collect(kafka.brokers, topic, group);
    await waitUntil(() => collected.owned.length === 2, 'assignment');
    await collected.reader.commit(
      new Map([
        [0, 17],
        [9, 3],
      ]),
    );
    expect(await admin.committed(group, topic)).toEqual(new Map([[0, 17]]));
    await expect(admin.setCommitted(group, topic, new Map([[0, 1]]))).rejects.toMatchObject({
      code: 'kafka',
    });
    await collected.reader.stop();
    await collected.reader.commit(new Map([[0, 18]]));
    expect(await admin.committed(group, topic)).toEqual(new Map([[0, 17]]));
    expect(collected.log).toEqual(['assigned 0,1', 'revoked 0,1']);
  });
});
