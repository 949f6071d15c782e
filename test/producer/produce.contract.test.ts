import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEventId } from '../../core/event-id.ts';
import type { RatingEvent } from '../../core/rating-event.ts';
import { findFreePort } from '../../embedded/supervisor/ports.ts';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { ratingsTopic } from '../../kafka/topics.ts';
import { createReplaySource } from '../../producer/event-source.ts';
import { readRatingsFile } from '../../producer/ratings-file.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { RATING_EVENT } from '../../schemas/contracts.ts';
import { createRatingDecoder } from '../../schemas/rating-codec.ts';
import { runProgram, startService } from '../helpers/program.ts';
import { startTestKafka, startTestRegistry, type TestKafka, type TestRegistry } from '../helpers/stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

interface Summary {
  readonly generated: number;
  readonly acknowledged: number;
  readonly failed: number;
  readonly inFlight: number;
  readonly first: number;
  readonly next: number;
  readonly stoppedBy: string;
  readonly achievedRate: number;
  readonly targetRate: number;
  readonly scheduleDelay: { readonly p99Ms: number; readonly maxMs: number };
  readonly run: { readonly kind: string; readonly runId: string; readonly seed: number };
}

interface Produced {
  readonly partition: number;
  readonly key: string;
  readonly number: number;
  readonly runId: string;
  readonly event: RatingEvent;
}

let kafka: TestKafka;
let registry: TestRegistry;
let admin: KafkaAdmin;
let home: string;
let metricsPort: number;

beforeAll(async () => {
  kafka = await startTestKafka();
  registry = await startTestRegistry(kafka.brokers);
  admin = createKafkaAdmin({ connection: { brokers: [kafka.brokers], clientId: 'test' } });
  home = mkdtempSync(join(tmpdir(), 'reelstream-produce-'));
  metricsPort = await findFreePort();
});
afterAll(async () => {
  await admin?.close();
  await registry?.remove();
  await kafka?.remove();
  rmSync(home, { recursive: true, force: true });
});

const newTopic = async (name: string): Promise<string> => {
  await admin.ensureTopics([ratingsTopic(name, 4)]);
  return name;
};

const environment = (topic: string) => ({
  REELSTREAM_HOME: home,
  REELSTREAM_KAFKA_BROKERS: kafka.brokers,
  REELSTREAM_REGISTRY_URL: registry.url,
  REELSTREAM_RATINGS_TOPIC: topic,
  REELSTREAM_PRODUCER_METRICS_PORT: String(metricsPort),
});

const summaryOf = (stdout: string) => (stdout === '' ? null : (JSON.parse(stdout) as Summary));

async function produce(topic: string, ...options: string[]) {
  const { code, stdout, stderr } = await runProgram(['produce', '--json', ...options], environment(topic));
  return { code, summary: summaryOf(stdout), complaints: stderr };
}

const startProducing = (topic: string, ...options: string[]) =>
  startService(['produce', '--json', ...options], environment(topic), null);

async function recordsOf(topic: string): Promise<number> {
  return [...(await admin.bounds(topic)).values()].reduce((sum, { end }) => sum + end, 0);
}

const untilSent = (topic: string, records: number) =>
  waitUntil(`${records} records in ${topic}`, 20_000, async () => (await recordsOf(topic)) >= records);

/** Everything in the topic, by partition in order of offset. */
async function readTopic(topic: string): Promise<Produced[]> {
  const expected = await recordsOf(topic);
  const decoder = createRatingDecoder();
  const client = new Kafka({ brokers: [kafka.brokers], clientId: 'reader', logLevel: logLevel.NOTHING });
  const consumer = client.consumer({ groupId: `reader-${topic}-${expected}`, maxWaitTimeInMs: 100 });
  const found: Produced[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      decoder.learn(message.value!.readInt32BE(1), RATING_EVENT.schema);
      const { event, reason } = decoder.decode(message.value);
      if (!event) throw new Error(`not readable: ${reason}`);
      const id = readEventId(event.eventId)!;
      found.push({ partition, key: String(message.key), number: id.eventNumber, runId: id.runId, event });
    },
  });
  await waitUntil(`all of ${topic} is read`, 20_000, () => found.length >= expected);
  await consumer.disconnect();
  return found;
}

const byNumber = (records: readonly Produced[]) => [...records].sort((a, b) => a.number - b.number);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('produce', () => {
  it('replays the sample in time order, and a second run goes on where the first stopped', async () => {
    const topic = await newTopic('order');
    const first = await produce(topic, '--count', '1500', '--rate', '5000');
    expect(first.complaints).not.toContain('"level":"error"');
    expect(first).toMatchObject({
      code: 0,
      summary: { generated: 1500, acknowledged: 1500, failed: 0, inFlight: 0, first: 0, next: 1500 },
    });
    const second = await produce(topic, '--for', '500ms', '--rate', '1000');
    expect(second).toMatchObject({
      code: 0,
      summary: { generated: 500, acknowledged: 500, first: 1500, next: 2000, stoppedBy: 'limit' },
    });
    expect(second.summary!.run).toMatchObject({ ...first.summary!.run, kind: 'resumed', first: 1500 });
    expect(second.summary!.targetRate).toBeCloseTo(1_000);

    const records = await readTopic(topic);
    expect(byNumber(records).map(({ number }) => number)).toEqual(range(0, 2_000));
    const { table } = await readRatingsFile(join(projectRoot, 'data/ml-latest-small/ratings.csv'));
    const replay = createReplaySource(table);
    for (const { number, event, key, runId } of records) {
      expect({ ...event, eventId: null }).toEqual({ ...replay.content(number, 0), eventId: null });
      expect(key).toBe(String(event.userId));
      expect(runId).toBe(first.summary!.run.runId);
    }
    const partitionOf = new Map(records.map(({ key, partition }) => [key, partition]));
    const lastOf = new Map<number, number>();
    for (const { key, partition, number } of records) {
      expect(partition).toBe(partitionOf.get(key));
      expect(number).toBeGreaterThan(lastOf.get(partition) ?? -1);
      lastOf.set(partition, number);
    }
  });

  it('after SIGKILLs sends the tail again under the same ids, and no other', async () => {
    const topic = await newTopic('killed');
    for (const records of [1_500, 6_000]) {
      const service = await startProducing(topic, '--rate', '4000', '--run-id', 'beef');
      await untilSent(topic, records);
      await service.kill();
    }
    // more than a slow machine may have sent beyond the saved position before the kills
    const last = await produce(topic, '--rate', '20000', '--count', '30000', '--run-id', 'beef');
    expect(last).toMatchObject({ code: 0, summary: { generated: 30_000, acknowledged: 30_000 } });

    const records = await readTopic(topic);
    const content = new Map<number, string>();
    for (const { number, event } of records) {
      const text = JSON.stringify({ ...event, eventId: Buffer.from(event.eventId).toString('hex') });
      expect(text).toBe(content.get(number) ?? text);
      content.set(number, text);
    }
    expect(new Set(records.map(({ runId }) => runId))).toEqual(new Set(['00000000000beef']));
    expect([...content.keys()].sort((a, b) => a - b)).toEqual(range(0, last.summary!.next));
    expect(records.length - content.size).toBeLessThan(2 * 10_000);
  });

  it('flushes on SIGTERM, says what it did, and holds its position for itself while it runs', async () => {
    const topic = await newTopic('stopped');
    const service = await startProducing(topic, '--rate', '2000');
    await untilSent(topic, 500);
    const rival = await produce(topic, '--rate', '10');
    expect(rival.code).toBe(2);
    const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    const metrics = await answer.text();
    expect(metrics).toMatch(/reelstream_producer_target_events_per_second\{topic="stopped"\} 2000/);
    expect(metrics).toMatch(/reelstream_producer_schedule_delay_seconds_count\{topic="stopped"\} [1-9]/);
    const { code, stdout } = await service.stop();
    const summary = summaryOf(stdout);
    expect(code).toBe(0);
    expect(summary).toMatchObject({ stoppedBy: 'signal', failed: 0, inFlight: 0 });
    expect(summary!.acknowledged).toBe(await recordsOf(topic));
    expect(readdirSync(join(home, 'state/producer')).filter((name) => name.includes('lock'))).toEqual([]);
  });

  it('loses nothing while the broker is frozen, and the schedule shows the stall', async () => {
    const topic = await newTopic('frozen');
    const service = await startProducing(topic, '--rate', '2000', '--for', '4s');
    await untilSent(topic, 1_000);
    kafka.pause();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    kafka.resume();
    const { code, stdout } = await service.finished;
    const summary = summaryOf(stdout);
    expect(code).toBe(0);
    expect(summary).toMatchObject({ generated: 8_000, acknowledged: 8_000, stoppedBy: 'limit' });
    expect(summary!.scheduleDelay.maxMs).toBeGreaterThan(400);
    expect(byNumber(await readTopic(topic)).map(({ number }) => number)).toEqual(range(0, 8_000));
  });

  it('starts over, as a new run, in a topic that was deleted', async () => {
    const topic = await newTopic('deleted');
    const first = await produce(topic, '--count', '100', '--rate', '1000');
    const client = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await client.connect();
    await client.deleteTopics({ topics: [topic] });
    await client.disconnect();
    await waitUntil(`${topic} is gone`, 20_000, () =>
      admin.partitionCount(topic).then(
        () => false,
        () => true,
      ),
    );
    await newTopic(topic);
    const second = await produce(topic, '--count', '100', '--rate', '1000');
    expect(second.summary).toMatchObject({ first: 0, next: 100, run: { kind: 'restarted' } });
    expect(second.summary!.run.runId).not.toBe(first.summary!.run.runId);
  });

  it('says what is wrong, by message and exit code', async () => {
    const absent = await produce('absent', '--count', '1');
    expect([absent.code, absent.complaints]).toEqual([1, expect.stringContaining('absent')]);
    const created = await produce('absent', '--count', '1', '--create-topic');
    expect(created.code).toBe(0);
    const file = await produce('absent', '--ratings', '/nowhere.csv');
    expect([file.code, file.complaints]).toEqual([2, expect.stringContaining('/nowhere.csv')]);
    expect((await produce('absent', '--run-id', 'xyz')).code).toBe(2);
    const report = join(home, 'report.json');
    await produce('absent', '--count', '5', '--report-json', report);
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ generated: 5, acknowledged: 5 });
  });
});
