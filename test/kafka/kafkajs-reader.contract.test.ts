import { ConfigResourceTypes, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { createKafkajsReader } from '../../kafka/kafkajs-reader.ts';
import { sharedKafka } from '../helpers/shared.ts';
import {
  collect,
  connectionTo,
  createTopic,
  expectContiguous,
  fill,
  freshName,
  plainKafka,
  range,
  waitUntil,
} from './log-fixture.ts';
import { inTransactions, javaProduces } from './log-makers.ts';

let brokers: string;
let admin: KafkaAdmin;
beforeAll(async () => {
  brokers = await sharedKafka();
  admin = createKafkaAdmin({ connection: connectionTo(brokers) });
});
afterAll(() => admin?.close());

describe.concurrent('positions', () => {
  it.each([
    ['5,000 too low', 3_000],
    ['5,000 too high', 13_000],
    ['behind the end of the log', 1_000_000],
  ])('delivers exactly from the sought offset when the committed one is %s', async (_, committed) => {
    const topic = await createTopic(admin, 2);
    const group = freshName('group');
    await fill(brokers, topic, 0, 15_000);
    await fill(brokers, topic, 1, 15_000);
    await admin.setCommitted(
      group,
      topic,
      new Map([
        [0, committed],
        [1, committed],
      ]),
    );
    const collected = await collect(brokers, topic, group, {
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
    await fill(brokers, topic, 0, 10);
    const collected = await collect(brokers, topic, freshName('group'), { startAt: () => undefined });
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
    await fill(brokers, topic, 0, 4_000);
    let jumps = 0;
    const collected = await collect(brokers, topic, freshName('group'), {
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
    await fill(brokers, topic, 0, 3_000);
    await fill(brokers, topic, 1, 3_000);
    let paused = false;
    const collected = await collect(brokers, topic, freshName('group'), {
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
    await fill(brokers, topic, 0, 2_000);
    await fill(brokers, topic, 1, 2_000);
    let release = () => {};
    const collected = await collect(brokers, topic, freshName('group'), {
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
    await fill(brokers, topic, 0, 10);
    const collected = await collect(brokers, topic, freshName('group'), { startAt: () => offset });
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
    const collected = await collect(brokers, topic, freshName('group'), {
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
    const options = { groupId: 'g', topic: 'nowhere' };
    await expect(
      createKafkajsReader({ ...options, connection: connectionTo(brokers) }).start(handlers),
    ).rejects.toMatchObject({ code: 'kafka', message: expect.stringContaining('nowhere') });
    await expect(
      createKafkajsReader({
        ...options,
        connection: connectionTo('127.0.0.1:1'),
        startTimeoutMs: 1_000,
      }).start(handlers),
    ).rejects.toMatchObject({ retryable: true });
  });
});

describe.concurrent('transactions', () => {
  it('delivers what was committed and passes markers and aborted records without a seam', async () => {
    const topic = await createTopic(admin);
    await fill(brokers, topic, 0, 3);
    await inTransactions(brokers, topic, async (begin, send) => {
      const committed = await begin();
      await send(committed, [3, 4]);
      await committed.commit();
      const aborted = await begin();
      await send(aborted, [900, 901]);
      await aborted.abort();
    });
    await fill(brokers, topic, 0, 2, { first: 5 });
    const collected = await collect(brokers, topic, freshName('group'));
    await waitUntil(() => collected.values().length === 7, 'records');
    await collected.reader.stop();
    expect(collected.values()).toEqual(range(0, 7));
    // 5 and 8 are markers, 6 and 7 were aborted
    const offsets = collected.fetches.flatMap(({ records }) => records.map(({ offset }) => offset));
    expect(offsets).toEqual([0, 1, 2, 3, 4, 9, 10]);
    expectContiguous(collected.fetches, 0);
    expect(collected.discarded.records).toBe(0);
    expect(await admin.recordAt(topic, 0, 5)).toBeNull();
    expect(await admin.recordAt(topic, 0, 6)).toBeNull();
    expect((await admin.recordAt(topic, 0, 9))?.value?.toString()).toBe('5');
  });

  it('goes on behind fetches that hold nothing for us, from any offset, and stands still behind the last marker', async () => {
    const topic = await createTopic(admin);
    await inTransactions(brokers, topic, async (begin, send) => {
      for (const i of range(0, 5)) {
        const aborted = await begin();
        await send(aborted, [900 + i, 900 + i]);
        await aborted.abort();
      }
      const committed = await begin();
      await send(committed, [0]);
      await committed.commit();
    });
    const end = (await admin.bounds(topic)).get(0)!.end;
    expect(end).toBe(17);
    for (const start of [0, 1, 2, 3, 13, 15, 16, 17]) {
      // One batch at a time, so that aborted and marker-only fetches really happen
      const collected = await collect(brokers, topic, freshName('group'), {
        startAt: () => start,
        maxBytesPerPartition: 1,
        maxWaitMs: 50,
      });
      await waitUntil(
        () => (collected.fetches.at(-1)?.nextPosition ?? start) === end,
        `the end from ${start}`,
      );
      expect(collected.values()).toEqual(start <= 15 ? [0] : []);
      expectContiguous(collected.fetches, start);
      if (start === 0)
        expect(collected.fetches.filter(({ records }) => records.length === 0).length).toBeGreaterThan(5);
      await collected.reader.stop();
    }
    const last = await collect(brokers, topic, freshName('group'), { startAt: () => end });
    await fill(brokers, topic, 0, 1, { first: 1 });
    await waitUntil(() => last.values().length === 1, 'the record behind the marker');
    await last.reader.stop();
    expect(last.fetches).toMatchObject([{ position: end, nextPosition: end + 1 }]);
  });

  it('does not run into an open transaction; a reader of everything does', async () => {
    const topic = await createTopic(admin);
    await inTransactions(brokers, topic, async (begin, send) => {
      const open = await begin();
      await send(open, [0, 1]);
      await fill(brokers, topic, 0, 1, { first: 2 });
      const committed = await collect(brokers, topic, freshName('group'));
      const everything = await collect(brokers, topic, freshName('group'), { readCommitted: false });
      await waitUntil(() => everything.values().length === 3, 'everything');
      expect(committed.fetches).toEqual([]);
      await open.commit();
      await waitUntil(() => committed.values().length === 3, 'the committed records');
      await everything.reader.stop();
      await committed.reader.stop();
      expect(committed.values()).toEqual([0, 1, 2]);
      expectContiguous(committed.fetches, 0);
    });
  });
});

describe.concurrent('compaction', () => {
  it('passes offsets that are gone, also where a whole batch was emptied', async () => {
    const plain = plainKafka(brokers).admin();
    await plain.connect();
    await plain.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: ConfigResourceTypes.BROKER,
          name: '1',
          configEntries: [{ name: 'log.cleaner.backoff.ms', value: '100' }],
        },
      ],
    });
    await plain.disconnect();
    const topic = await createTopic(admin, 1, {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.01',
      'delete.retention.ms': '0',
    });
    // A batch per round and a producer of its own per round: the broker keeps the last batch of a producer, even empty
    for (const round of range(0, 6)) {
      const producer = plainKafka(brokers).producer({
        idempotent: true,
        createPartitioner: Partitioners.DefaultPartitioner,
      });
      await producer.connect();
      const messages = ['a', 'b'].map((key) => ({ key, value: String(round) }));
      await producer.send({ topic, messages });
      await producer.disconnect();
      const atMs = performance.now();
      await waitUntil(() => performance.now() - atMs > 120, 'the next segment');
    }
    await waitUntil(async () => (await admin.recordAt(topic, 0, 0)) === null, 'the cleaner', 40_000);
    const end = (await admin.bounds(topic)).get(0)!.end;
    for (const start of [0, 1, 3]) {
      const collected = await collect(brokers, topic, freshName('group'), {
        startAt: () => start,
        maxBytesPerPartition: 1,
        maxWaitMs: 50,
      });
      await waitUntil(() => collected.fetches.at(-1)?.nextPosition === end, 'the end');
      expectContiguous(collected.fetches, start);
      expect(collected.values().at(-1)).toBe(5);
      expect(collected.values().length).toBeLessThan(12 - start);
      await collected.reader.stop();
    }
  });
});

describe.concurrent('compression', () => {
  it('is undone for batches of every codec as Java writes them, from any place in them', async () => {
    const codecs = ['gzip', 'snappy', 'lz4', 'zstd'];
    const topics = await Promise.all(
      codecs.map(async (codec) => {
        const topic = await createTopic(admin);
        await javaProduces(brokers, topic, codec, range(0, 3_000).map(String));
        return topic;
      }),
    );
    for (const topic of topics) {
      for (const start of [0, 1_234]) {
        const collected = await collect(brokers, topic, freshName('group'), { startAt: () => start });
        await waitUntil(() => collected.values().length === 3_000 - start, `the records from ${start}`);
        expect(collected.values()).toEqual(range(start, 3_000));
        await collected.reader.stop();
      }
    }
  });
});

describe('commit', () => {
  it('is a hint others can read, and silent about partitions that are not ours', async () => {
    const topic = await createTopic(admin, 2);
    const group = freshName('group');
    const collected = await collect(brokers, topic, group);
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
