import { ConfigResourceTypes, Partitioners, type Transaction } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { startTestKafka, type TestKafka } from '../helpers/stack.ts';
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

/** Runs work with a transactional producer. Values are numbers as text. */
async function inTransactions(
  work: (
    begin: () => Promise<Transaction>,
    send: (tx: Transaction, values: number[]) => Promise<void>,
  ) => Promise<void>,
  topic: string,
): Promise<void> {
  const producer = plainKafka(kafka.brokers).producer({
    transactionalId: freshName('tx'),
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const send = async (tx: Transaction, values: number[]) => {
    await tx.send({ topic, messages: values.map((value) => ({ partition: 0, value: String(value) })) });
  };
  await work(() => producer.transaction(), send);
  await producer.disconnect();
}

async function endOf(topic: string): Promise<number> {
  return (await admin.bounds(topic)).get(0)!.end;
}

describe.concurrent('transactions', () => {
  it('delivers what was committed and passes markers and aborted records without a seam', async () => {
    const topic = await createTopic(admin);
    await fill(kafka.brokers, topic, 0, 3);
    await inTransactions(async (begin, send) => {
      const committed = await begin();
      await send(committed, [3, 4]);
      await committed.commit();
      const aborted = await begin();
      await send(aborted, [900, 901]);
      await aborted.abort();
    }, topic);
    await fill(kafka.brokers, topic, 0, 2, { first: 5 });
    const collected = await collect(kafka.brokers, topic, freshName('group'));
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
    await inTransactions(async (begin, send) => {
      for (const i of range(0, 5)) {
        const aborted = await begin();
        await send(aborted, [900 + i, 900 + i]);
        await aborted.abort();
      }
      const committed = await begin();
      await send(committed, [0]);
      await committed.commit();
    }, topic);
    const end = await endOf(topic);
    expect(end).toBe(17);
    for (const start of [0, 1, 2, 3, 13, 15, 16, 17]) {
      // One batch at a time, so that aborted and marker-only fetches really happen
      const collected = await collect(kafka.brokers, topic, freshName('group'), {
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
    const last = await collect(kafka.brokers, topic, freshName('group'), { startAt: () => end });
    await fill(kafka.brokers, topic, 0, 1, { first: 1 });
    await waitUntil(() => last.values().length === 1, 'the record behind the marker');
    await last.reader.stop();
    expect(last.fetches).toMatchObject([{ position: end, nextPosition: end + 1 }]);
  });

  it('does not run into an open transaction; a reader of everything does', async () => {
    const topic = await createTopic(admin);
    await inTransactions(async (begin, send) => {
      const open = await begin();
      await send(open, [0, 1]);
      await fill(kafka.brokers, topic, 0, 1, { first: 2 });
      const committed = await collect(kafka.brokers, topic, freshName('group'));
      const everything = await collect(kafka.brokers, topic, freshName('group'), { readCommitted: false });
      await waitUntil(() => everything.values().length === 3, 'everything');
      expect(committed.fetches).toEqual([]);
      await open.commit();
      await waitUntil(() => committed.values().length === 3, 'the committed records');
      await everything.reader.stop();
      await committed.reader.stop();
      expect(committed.values()).toEqual([0, 1, 2]);
      expectContiguous(committed.fetches, 0);
    }, topic);
  });
});

describe('compaction', () => {
  it('passes offsets that are gone, also where a whole batch was emptied', async () => {
    const plain = plainKafka(kafka.brokers).admin();
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
      const producer = plainKafka(kafka.brokers).producer({
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
    const end = await endOf(topic);
    for (const start of [0, 1, 3]) {
      const collected = await collect(kafka.brokers, topic, freshName('group'), {
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
