import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { type KafkaWriterOptions, openKafkaWriter } from '../../kafka/kafka-writer.ts';
import type { DeliveryReport } from '../../kafka/log-writer.ts';
import { scanTopic } from '../../producer/verify/scan-topic.ts';
import { startTestKafka, type TestKafka } from '../helpers/stack.ts';
import {
  type Collected,
  collect,
  connectionTo,
  createTopic,
  fill,
  freshName,
  range,
  SESSION_TIMEOUT_MS,
  waitUntil,
  writeAll,
} from './log-fixture.ts';

/** A broker of its own: it is frozen and restarted here, which nobody else must notice. */
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

const stopAll = (readers: readonly Collected[]) => Promise.all(readers.map(({ reader }) => reader.stop()));
const open = (topic: string, options: Partial<KafkaWriterOptions> = {}) =>
  openKafkaWriter({ connection: connectionTo(kafka.brokers), topic, ...options });

describe('a reader whose broker is away', () => {
  it('waits for it: within a session nothing happens, longer means lost, then it goes on', async () => {
    const topic = await createTopic(admin, 1);
    await fill(kafka.brokers, topic, 0, 100);
    const patient = await collect(kafka.brokers, topic, freshName('group'), { sessionTimeoutMs: 60_000 });
    const hasty = await collect(kafka.brokers, topic, freshName('group'), {
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
    });
    const readers = [patient, hasty];
    await waitUntil(() => readers.every((reader) => reader.values().length === 100), 'records');
    kafka.pause();
    await waitUntil(() => hasty.log.length === 2, 'the short session is over');
    kafka.resume();
    await fill(kafka.brokers, topic, 0, 100, { first: 100 });
    await waitUntil(() => patient.values().length === 200 && hasty.values().length === 300, 'records');
    expect(hasty.log).toEqual(['assigned 0', 'lost 0', 'assigned 0']);
    expect(hasty.values()).toEqual([...range(0, 100), ...range(0, 200)]);
    await stopAll([hasty]);
    await kafka.stop();
    await kafka.start();
    await fill(kafka.brokers, topic, 0, 100, { first: 200 });
    await waitUntil(() => patient.values().length === 300, 'records after the restart');
    expect(patient.log).toEqual(['assigned 0']);
    expect(patient.values()).toEqual(range(0, 300));
    expect(readers.flatMap(({ fatal }) => fatal)).toEqual([]);
    await stopAll([patient]);
  });

  it('does not keep a reader from stopping', async () => {
    const topic = await createTopic(admin, 1);
    const collected = await collect(kafka.brokers, topic, freshName('group'), { stopTimeoutMs: 1_000 });
    await waitUntil(() => collected.owned.length === 1, 'assignment');
    kafka.pause();
    const atMs = performance.now();
    await collected.reader.stop();
    expect(performance.now() - atMs).toBeLessThan(3_000);
    expect(collected.log).toEqual(['assigned 0', 'revoked 0']);
    kafka.resume();
  });
});

describe('a Kafka writer whose broker is away', () => {
  it('knows a floor of what is acknowledged without reports, and never more than the truth', async () => {
    const topic = await createTopic(admin);
    const writer = await open(topic);
    await writeAll(writer, range(0, 1_000));
    await waitUntil(() => writer.counts().acked === 1_000, 'the floor', 5_000);
    kafka.pause();
    await writeAll(writer, range(0, 500));
    const atMs = performance.now();
    await waitUntil(() => performance.now() - atMs > 1_500, 'statistics of a frozen broker');
    expect(writer.counts()).toEqual({ enqueued: 1_500, acked: 1_000, failed: 0 });
    await expect(writer.flush(300)).rejects.toMatchObject({ code: 'timeout' });
    kafka.resume();
    expect((await writer.flush(20_000)).acked).toBe(1_500);
    await writer.close(5_000);
  });

  it('counts what it gives up, reports it when asked to, and goes on over a restart of the broker', async () => {
    const topic = await createTopic(admin);
    const reports: DeliveryReport[] = [];
    const quiet = await open(topic, { deliveryTimeoutMs: 1_000 });
    const loud = await open(topic, {
      deliveryTimeoutMs: 1_000,
      onReport: (report) => void reports.push(report),
    });
    const patient = await open(topic);
    await kafka.stop();
    for (const writer of [quiet, loud, patient]) await writeAll(writer, range(0, 300));
    for (const writer of [quiet, loud]) {
      expect(await writer.flush(20_000)).toEqual({ enqueued: 300, acked: 0, failed: 300 });
      await writer.close(1_000);
    }
    expect(reports).toHaveLength(300);
    expect(reports[0]?.error?.message).toMatch(/timed out/i);
    expect(reports.every(({ offset, error }) => offset === -1 && error !== null)).toBe(true);
    await kafka.start();
    expect(await patient.flush(30_000)).toEqual({ enqueued: 300, acked: 300, failed: 0 });
    await patient.close(1_000);
  });
});

describe('whoever asks a broker that is away', () => {
  it('ends within its time when nobody answers, and works again afterwards', async () => {
    const hasty = createKafkaAdmin({ connection: connectionTo(kafka.brokers), timeoutMs: 500 });
    await hasty.clusterId();
    kafka.pause();
    // The signal takes a moment
    let error: unknown;
    const fails = async () => {
      error = await hasty.clusterId().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      return error !== undefined;
    };
    await waitUntil(fails, 'a frozen broker');
    expect(error).toMatchObject({ code: 'timeout', retryable: true });
    kafka.resume();
    expect(await admin.clusterId()).toMatch(/./);
    const nowhere = createKafkaAdmin({ connection: connectionTo('127.0.0.1:1') });
    await expect(nowhere.clusterId()).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await Promise.all([hasty.close(), nowhere.close()]);
  });

  it('reads a range of the log: gives up when nothing comes for too long', async () => {
    const topic = await createTopic(admin);
    await fill(kafka.brokers, topic, 0, 5);
    const connection = connectionTo(kafka.brokers);
    const ranges = new Map([[0, { from: 0, to: 5 }]]);
    let taken = 0;
    const scan = () =>
      scanTopic({ connection, topic, ranges, stallTimeoutMs: 1_500 }, (_, records) => {
        taken += records.length;
      });
    await scan();
    expect(taken).toBe(5);
    kafka.pause();
    await expect(scan()).rejects.toMatchObject({ code: 'timeout', retryable: true });
    kafka.resume();
  });
});
