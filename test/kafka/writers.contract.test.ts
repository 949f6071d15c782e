import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { DEAD_LETTER_HEADERS } from '../../kafka/dead-letter-record.ts';
import { createDeadLetterWriter } from '../../kafka/dead-letter-writer.ts';
import { type KafkaWriterOptions, openKafkaWriter } from '../../kafka/kafka-writer.ts';
import type { DeliveryReport } from '../../kafka/log-writer.ts';
import { deadLetterTopic } from '../../kafka/topics.ts';
import { sharedKafka } from '../helpers/shared.ts';
import {
  collect,
  connectionTo,
  createTopic,
  freshName,
  plainKafka,
  range,
  waitUntil,
  writeAll,
} from './log-fixture.ts';

let brokers: string;
let admin: KafkaAdmin;
beforeAll(async () => {
  brokers = await sharedKafka();
  admin = createKafkaAdmin({ connection: connectionTo(brokers) });
});
afterAll(() => admin?.close());

const open = (topic: string, options: Partial<KafkaWriterOptions> = {}) =>
  openKafkaWriter({ connection: connectionTo(brokers), topic, ...options });

async function valuesIn(topic: string, count: number): Promise<number[]> {
  const collected = await collect(brokers, topic, freshName('group'));
  await waitUntil(() => collected.values().length >= count, 'the records');
  await collected.reader.stop();
  return collected.values();
}

// Side by side: each in its own topic
describe.concurrent('the Kafka writer', () => {
  it.each(['none', 'gzip', 'snappy', 'lz4'] as const)(
    'writes every record once and in order (%s)',
    async (compression) => {
      const topic = await createTopic(admin);
      const writer = await open(topic, { compression });
      await writeAll(writer, range(0, 10_000));
      expect(await writer.flush(20_000)).toEqual({ enqueued: 10_000, acked: 10_000, failed: 0 });
      await writer.close(5_000);
      expect(await valuesIn(topic, 10_000)).toEqual(range(0, 10_000));
    },
  );

  it('refuses when the queue is full instead of dropping', async () => {
    const topic = await createTopic(admin);
    const writer = await open(topic, { maxQueueRecords: 100 });
    let refused = 0;
    for (const value of range(0, 2_000)) {
      while (!writer.tryWrite(null, Buffer.from(String(value)))) {
        refused++;
        await writer.room();
      }
    }
    expect(refused).toBeGreaterThan(10);
    expect((await writer.close(20_000)).acked).toBe(2_000);
    expect(await valuesIn(topic, 2_000)).toEqual(range(0, 2_000));
  });

  it('reports every record with its place when asked to', async () => {
    const topic = await createTopic(admin);
    const reports: DeliveryReport[] = [];
    const writer = await open(topic, { onReport: (report) => void reports.push(report) });
    for (const tag of range(0, 500)) writer.tryWrite(null, Buffer.from(String(tag)), tag);
    expect(await writer.flush(10_000)).toEqual({ enqueued: 500, acked: 500, failed: 0 });
    await writer.close(1_000);
    expect(reports.map(({ tag, offset }) => [tag, offset])).toEqual(range(0, 500).map((i) => [i, i]));
    expect(reports.every(({ partition, error }) => partition === 0 && error === null)).toBe(true);
  });

  it('opens warm: the first record of every partition is acknowledged without another wait', async () => {
    const topic = await createTopic(admin, 4);
    const reports: DeliveryReport[] = [];
    const writer = await open(topic, { onReport: (report) => void reports.push(report) });
    for (const partition of range(0, 4)) {
      writer.tryWrite(null, Buffer.of(partition), partition, { partition, headers: null });
    }
    expect(await writer.flush(10_000)).toEqual({ enqueued: 4, acked: 4, failed: 0 });
    await writer.close(1_000);
    expect(reports.map(({ offset }) => offset)).toEqual([0, 0, 0, 0]);
    await expect(open('nowhere')).rejects.toMatchObject({ code: 'kafka' });
  });

  it('says what is wrong: too large, no topic, no Kafka', async () => {
    const topic = await createTopic(admin);
    const writer = await open(topic);
    expect(() => writer.tryWrite(null, Buffer.alloc(2_000_000))).toThrow(
      expect.objectContaining({ code: 'bad_data' }),
    );
    expect((await writer.close(1_000)).enqueued).toBe(0);
    await expect(open('nowhere')).rejects.toMatchObject({ code: 'kafka' });
    await expect(
      open('nowhere', { connection: connectionTo('127.0.0.1:1'), connectTimeoutMs: 500 }),
    ).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('sends tombstones and keys where every client of Kafka expects them', async () => {
    const topic = await createTopic(admin, 4);
    const writer = await open(topic);
    const keys = range(1, 41).map(String);
    for (const key of keys) writer.tryWrite(Buffer.from(key), null);
    await writer.close(5_000);
    const plain = plainKafka(brokers).producer({
      createPartitioner: (await import('kafkajs')).Partitioners.DefaultPartitioner,
    });
    await plain.connect();
    await plain.send({ topic, messages: keys.map((key) => ({ key, value: null })) });
    await plain.disconnect();
    const collected = await collect(brokers, topic, freshName('group'));
    const all = () =>
      collected.fetches.flatMap(({ partition, records }) =>
        records.map(({ key, value }) => ({ partition, key: `${key}`, value })),
      );
    await waitUntil(() => all().length === 80, 'the records');
    await collected.reader.stop();
    expect(all().every(({ value }) => value === null)).toBe(true);
    for (const key of keys) {
      expect(
        new Set(
          all()
            .filter((record) => record.key === key)
            .map(({ partition }) => partition),
        ).size,
      ).toBe(1);
    }
  });
});

describe.concurrent('the dead-letter writer', () => {
  it('resolves when all are written, whole, with headers, whatever their size', async () => {
    const topic = freshName('dead');
    await admin.ensureTopics([deadLetterTopic(topic)]);
    const writer = createDeadLetterWriter({ connection: connectionTo(brokers), topic });
    const records = [
      { key: null, value: null, headers: { reason: 'decode' } },
      { key: Buffer.from('k'), value: Buffer.alloc(1_000_000, 1), headers: { reason: 'too_large' } },
      { key: Buffer.alloc(900_000, 2), value: Buffer.alloc(1_000_000, 3), headers: { reason: 'too_large' } },
      ...range(0, 1_500).map((i) => ({
        key: Buffer.from(String(i)),
        value: Buffer.alloc(1_000, i),
        headers: { i: String(i) },
      })),
    ];
    await writer.write([]);
    await writer.write(records);
    expect((await admin.bounds(topic)).get(0)).toEqual({ start: 0, end: records.length });
    await writer.close();
    const read = await readWithHeaders(topic, records.length);
    expect(read[0]).toMatchObject({ key: null, value: null, headers: { reason: 'decode' } });
    expect(read[1]!.value).toEqual(records[1]!.value);
    expect(read[2]!.key).toHaveLength(16_384);
    expect(read[2]!.headers).toEqual({ reason: 'too_large', [DEAD_LETTER_HEADERS.keyCutFrom]: '900000' });
    expect(read.slice(3).map(({ headers }) => headers.i)).toEqual(range(0, 1_500).map(String));
  });

  it('tells an outage from a missing topic, and works again afterwards', async () => {
    const topic = freshName('dead');
    const letter = [{ key: null, value: Buffer.from('x'), headers: {} }];
    const nowhere = createDeadLetterWriter({ connection: connectionTo('127.0.0.1:1'), topic });
    await expect(nowhere.write(letter)).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    const writer = createDeadLetterWriter({ connection: connectionTo(brokers), topic });
    await expect(writer.write(letter)).rejects.toMatchObject({ code: 'kafka' });
    await admin.ensureTopics([deadLetterTopic(topic)]);
    await writer.write(letter);
    expect((await admin.bounds(topic)).get(0)).toEqual({ start: 0, end: 1 });
    await writer.close();
  });
});

async function readWithHeaders(topic: string, count: number) {
  const records: { key: Buffer | null; value: Buffer | null; headers: Record<string, string> }[] = [];
  const consumer = plainKafka(brokers).consumer({ groupId: freshName('group'), maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message: { key, value, headers = {} } }) => {
      const texts = Object.entries(headers).map(([name, text]) => [name, String(text)]);
      records.push({ key, value, headers: Object.fromEntries(texts) });
    },
  });
  await waitUntil(() => records.length >= count, 'the letters');
  await consumer.disconnect();
  return records;
}
