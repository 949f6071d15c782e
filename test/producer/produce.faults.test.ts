import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../../embedded/supervisor/ports.ts';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { ratingsTopic } from '../../kafka/topics.ts';
import { createReplaySource } from '../../producer/event-source.ts';
import { readRatingsFile } from '../../producer/ratings-file.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { type Produced, readProduced, recordsIn, summaryOf } from '../helpers/produced.ts';
import { runProgram, startService } from '../helpers/program.ts';
import { sharedKafka, sharedRegistry } from '../helpers/shared.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { freshName } from '../kafka/log-fixture.ts';

let brokers: string;
let registryUrl: string;
let admin: KafkaAdmin;
let home: string;
let metricsPort: number;

beforeAll(async () => {
  brokers = await sharedKafka();
  registryUrl = await sharedRegistry();
  admin = createKafkaAdmin({ connection: { brokers: [brokers], clientId: 'test' } });
  home = mkdtempSync(join(tmpdir(), 'reelstream-produce-'));
  metricsPort = await findFreePort();
});
afterAll(async () => {
  await admin?.close();
  rmSync(home, { recursive: true, force: true });
});

const newTopic = async (word: string): Promise<string> => {
  const name = freshName(word);
  await admin.ensureTopics([ratingsTopic(name, 4)]);
  return name;
};

const environment = (topic: string) => ({
  REELSTREAM_HOME: home,
  REELSTREAM_KAFKA_BROKERS: brokers,
  REELSTREAM_REGISTRY_URL: registryUrl,
  REELSTREAM_RATINGS_TOPIC: topic,
  REELSTREAM_PRODUCER_METRICS_PORT: String(metricsPort),
});

async function produceWith(topic: string, options: readonly string[]) {
  const { code, stdout, stderr } = await runProgram(['produce', '--json', ...options], environment(topic));
  return { code, summary: summaryOf(stdout), complaints: stderr };
}

const produce = (topic: string, ...options: string[]) => produceWith(topic, ['--history', ...options]);

const startProducing = (topic: string, ...options: string[]) =>
  startService(['produce', '--history', '--json', ...options], environment(topic), null);

const recordsOf = (topic: string) => recordsIn(admin, topic);
const readTopic = (topic: string) => readProduced(brokers, admin, topic);

const untilSent = (topic: string, records: number) =>
  waitUntil(`${records} records in ${topic}`, 20_000, async () => (await recordsOf(topic)) >= records);

const byNumber = (records: readonly Produced[]) => [...records].sort((a, b) => a.number - b.number);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('produce --history', () => {
  it('replays the sample in time order, and a second run goes on where the first stopped', async () => {
    const topic = await newTopic('order');
    const first = await produce(topic, '--count', '1500');
    expect(first.complaints).not.toContain('"level":"error"');
    expect(first).toMatchObject({
      code: 0,
      summary: { generated: 1500, acknowledged: 1500, failed: 0, inFlight: 0, first: 0, next: 1500 },
    });
    const second = await produce(topic, '--for', '500ms', '--history-rate', '1000', '--min-achieved', '0');
    expect(second).toMatchObject({
      code: 0,
      summary: { generated: 500, acknowledged: 500, first: 1500, next: 2000, stoppedBy: 'limit' },
    });
    const { runId, seed } = first.summary!;
    expect(second.summary).toMatchObject({ runId, seed });
    expect(second.complaints).toContain('resumed run');
    expect(second.summary!.targetRate).toBeCloseTo(1_000);

    const records = await readTopic(topic);
    expect(byNumber(records).map(({ number }) => number)).toEqual(range(0, 2_000));
    const { table } = await readRatingsFile(join(projectRoot, 'data/ml-latest-small/ratings.csv'));
    const replay = createReplaySource(table);
    for (const record of records) {
      expect({ ...record.event, eventId: null }).toEqual({
        ...replay.content(record.number, 0),
        eventId: null,
      });
      expect(record.key).toBe(String(record.event!.userId));
      expect(record.runId).toBe(runId);
    }
    const partitionOf = new Map(records.map(({ key, partition }) => [key, partition]));
    const lastOf = new Map<number, number>();
    for (const { key, partition, number } of records) {
      expect(partition).toBe(partitionOf.get(key));
      expect(number).toBeGreaterThan(lastOf.get(partition) ?? -1);
      lastOf.set(partition, number);
    }
  });

  it('goes on with live events when the file is at its end, and counts both', async () => {
    const topic = await newTopic('live');
    const file = join(home, 'short.csv');
    const rows = range(0, 300).map((i) => `${(i % 9) + 1},${(i % 5) + 1},4.0,${1_000_000 + i}`);
    writeFileSync(file, `userId,movieId,rating,timestamp\n${rows.join('\n')}\n`);
    const service = await startService(
      ['produce', '--history', file, '--rate', '400', '--json'],
      environment(topic),
      null,
    );
    await untilSent(topic, 600);
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const { code, stdout } = await service.stop();
    const summary = summaryOf(stdout)!;
    const records = byNumber(await readTopic(topic));
    expect(code).toBe(0);
    expect(records.map(({ number }) => number)).toEqual(range(0, summary.generated));
    expect(summary).toMatchObject({ acknowledged: summary.generated, first: 0, next: summary.generated });
    const sources = records.map(({ event }) => event!.source);
    expect(sources.slice(0, 300).every((source) => source === 'replay')).toBe(true);
    expect(sources.slice(300).every((source) => source === 'live')).toBe(true);
    const counted = new RegExp(`producer_events_generated_total\\{topic="${topic}"\\} (\\d+)`).exec(metrics);
    expect(Number(counted?.[1])).toBeGreaterThan(300);

    const again = await produceWith(topic, ['--history', file, '--once']);
    expect(again.summary).toMatchObject({ generated: 0, stoppedBy: 'source_end' });
  });

  it('after SIGKILLs sends the tail again under the same ids, and no other', async () => {
    const topic = await newTopic('killed');
    for (const records of [1_000, 3_000]) {
      const service = await startProducing(topic, '--history-rate', '2000', '--run-id', 'beef');
      await untilSent(topic, records);
      await service.kill();
    }
    // more than a slow machine may have sent beyond the saved position before the kills
    const last = await produce(topic, '--count', '10000', '--run-id', 'beef');
    expect(last).toMatchObject({ code: 0, summary: { generated: 10_000, acknowledged: 10_000 } });

    const records = await readTopic(topic);
    const content = new Map<number, string>();
    const changed: number[] = [];
    for (const { number, event } of records) {
      const text = JSON.stringify({ ...event, eventId: Buffer.from(event!.eventId).toString('hex') });
      if ((content.get(number) ?? text) !== text) changed.push(number);
      content.set(number, text);
    }
    expect(changed).toEqual([]);
    expect(new Set(records.map(({ runId }) => runId))).toEqual(new Set(['00000000000beef']));
    expect([...content.keys()].sort((a, b) => a - b)).toEqual(range(0, last.summary!.next));
    expect(records.length - content.size).toBeLessThan(2 * 5_000);
  });

  it('flushes on SIGTERM, says what it did, and holds its position for itself while it runs', async () => {
    const topic = await newTopic('stopped');
    const service = await startProducing(topic, '--history-rate', '2000');
    await untilSent(topic, 500);
    const rival = await produce(topic, '--history-rate', '10');
    expect(rival.code).toBe(2);
    const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    const metrics = await answer.text();
    expect(metrics).toContain(`reelstream_producer_target_events_per_second{topic="${topic}"} 2000`);
    expect(metrics).toMatch(
      new RegExp(`reelstream_producer_schedule_delay_seconds_count\\{topic="${topic}"\\} [1-9]`),
    );
    const { code, stdout } = await service.stop();
    const summary = summaryOf(stdout);
    expect(code).toBe(0);
    expect(summary).toMatchObject({ stoppedBy: 'signal', failed: 0, inFlight: 0 });
    expect(summary!.acknowledged).toBe(await recordsOf(topic));
    expect(readdirSync(join(home, 'state/producer')).filter((name) => name.includes('lock'))).toEqual([]);
  });

  it('starts over, as a new run, in a topic that was deleted', async () => {
    const topic = await newTopic('deleted');
    const first = await produce(topic, '--count', '100');
    const client = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
    await client.connect();
    await client.deleteTopics({ topics: [topic] });
    await client.disconnect();
    await waitUntil(`${topic} is gone`, 20_000, () =>
      admin.partitionCount(topic).then(
        () => false,
        () => true,
      ),
    );
    await admin.ensureTopics([ratingsTopic(topic, 4)]);
    const second = await produce(topic, '--count', '100');
    expect(second.summary).toMatchObject({ first: 0, next: 100 });
    expect(second.complaints).toContain('restarted run');
    expect(second.summary!.runId).not.toBe(first.summary!.runId);
  });

  it('says what is wrong, by message and exit code', async () => {
    const topic = freshName('absent');
    const absent = await produce(topic, '--count', '1');
    expect([absent.code, absent.complaints]).toEqual([1, expect.stringContaining('--create-topic')]);
    const created = await produce(topic, '--count', '1', '--create-topic');
    expect(created.code).toBe(0);
    const file = await produceWith(topic, ['--history', '/nowhere.csv']);
    expect([file.code, file.complaints]).toEqual([2, expect.stringContaining('/nowhere.csv')]);
    const report = join(home, 'report.json');
    await produce(topic, '--count', '5', '--report-json', report);
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ generated: 5, acknowledged: 5 });
  });
});
