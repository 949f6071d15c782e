import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { findFreePort } from '../../embedded/supervisor/ports.ts';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { openSharedPipeline, type SharedPipeline } from '../helpers/pipeline.ts';
import { type RunningService, runProgram, startService } from '../helpers/program.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { connectionTo } from '../kafka/log-fixture.ts';

let pipeline: SharedPipeline;
let admin: KafkaAdmin;
let topic: string;

beforeAll(async () => {
  pipeline = await openSharedPipeline({ REELSTREAM_SINK_SESSION_TIMEOUT_MS: '6000' });
  const { REELSTREAM_KAFKA_BROKERS, REELSTREAM_RATINGS_TOPIC } = pipeline.environment;
  topic = REELSTREAM_RATINGS_TOPIC!;
  admin = createKafkaAdmin({ connection: connectionTo(REELSTREAM_KAFKA_BROKERS!) });
});
afterAll(async () => {
  await admin?.close();
  await pipeline?.remove();
});

type OnFinished = TestContext['onTestFinished'];

/** One on a port of its own; gone with its test, or it would read for the next one. */
async function startAnotherSink(onFinished: OnFinished): Promise<{ service: RunningService; url: string }> {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = { ...pipeline.environment, REELSTREAM_SINK_METRICS_PORT: String(port) };
  const service = await startService(['sink'], environment, `${url}/readyz`);
  onFinished(() => service.kill());
  return { service, url };
}

/** For as long as the test wants. */
async function startProducing(onFinished: OnFinished): Promise<RunningService> {
  const service = await pipeline.startProducer(['--rate', '1500', '--for', '2m']);
  onFinished(() => service.kill());
  return service;
}

interface Status {
  readonly counts: Readonly<
    Record<'consumed' | 'applied' | 'dropped' | 'deadLettered' | 'abandoned', number>
  >;
  readonly batchRows: number;
  readonly freshness: { readonly p50Ms: number | null };
  readonly partitions: readonly { readonly partition: number; readonly state: string }[];
}
const statusAt = async (url: string) => (await (await fetch(`${url}/status`)).json()) as Status;

const recordsInLog = async (): Promise<number> =>
  [...(await admin.bounds(topic)).values()].reduce((sum, { end }) => sum + end, 0);
const rows = () => pipeline.count('SELECT count() FROM events_raw');
/** Where each partition goes on according to the tables. */
async function positionsInTables(): Promise<Map<number, number>> {
  const found = await pipeline.db.query<{ partition: number; position: string; n: string }>(
    `SELECT kafka_partition AS partition, max(kafka_offset) + 1 AS position, count() AS n
     FROM events_raw INNER JOIN streams USING (slot) GROUP BY partition ORDER BY partition`,
  );
  expect(found.map(({ n }) => n)).toEqual(found.map(({ position }) => position));
  return new Map(found.map(({ partition, position }) => [partition, Number(position)]));
}

describe('the sink as a process', () => {
  it('drains on SIGTERM: what it read is durable and committed, and it ends with 0', async ({
    onTestFinished,
  }) => {
    const { service, url } = await startAnotherSink(onTestFinished);
    const producer = await startProducing(onTestFinished);
    await waitUntil('the sink is in the middle of it', 40_000, async () => {
      const { counts, batchRows } = await statusAt(url);
      return counts.applied > 1_000 && batchRows > 0;
    });
    const finished = await service.stop();
    expect(finished.code).toBe(0);
    const drained = finished.stdout.split('\n').find((line) => line.includes('"drained"'))!;
    const { consumed, applied, dropped, deadLettered, abandoned } = JSON.parse(drained) as Status['counts'];
    expect(abandoned).toBe(0);
    expect(consumed).toBe(applied + dropped + deadLettered);
    expect(await rows()).toBe(consumed);
    expect(await admin.committed(pipeline.environment.REELSTREAM_SINK_GROUP!, topic)).toEqual(
      await positionsInTables(),
    );
    expect((await producer.stop()).code).toBe(0);
    expect(await recordsInLog()).toBeGreaterThan(consumed);
  });

  it('shows what it counts, and the counts add up', async ({ onTestFinished }) => {
    const { service, url } = await startAnotherSink(onTestFinished);
    const total = await recordsInLog();
    // rows are to be seen in ClickHouse a moment before the sink knows that they are
    await waitUntil('all is counted', 40_000, async () => {
      const { counts } = await statusAt(url);
      return (await rows()) >= total && counts.applied > 0 && counts.applied === counts.consumed;
    });
    const text = await (await fetch(`${url}/metrics`)).text();
    const metric = (name: string) =>
      text
        .split('\n')
        .filter((line) => line.startsWith(`reelstream_${name}{`) || line.startsWith(`reelstream_${name} `))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    expect(metric('consumer_events_consumed_total')).toBeGreaterThan(0);
    expect(metric('consumer_events_consumed_total')).toBe(
      metric('consumer_events_applied_total') +
        metric('consumer_events_dropped_total') +
        metric('consumer_events_dead_lettered_total') +
        metric('consumer_events_abandoned_total') +
        metric('consumer_inflight_events'),
    );
    expect(metric('consumer_event_delay_seconds_count')).toBe(metric('consumer_events_applied_total'));
    expect(metric('consumer_assigned_partitions')).toBe(4);
    expect(metric('catalog_version')).toBeGreaterThan(0);
    expect((await statusAt(url)).freshness.p50Ms).toBeGreaterThan(0);
    expect((await service.stop()).code).toBe(0);
    expect(await rows()).toBe(total);
  });
});

// side by side: each has tables of its own, or none, and most of the time is waiting
describe.concurrent('the sink as a process, once more', () => {
  it('loses and doubles nothing when one of two is killed in the middle', async ({ onTestFinished }) => {
    const [one, other] = await Promise.all([
      startAnotherSink(onTestFinished),
      startAnotherSink(onTestFinished),
    ]);
    const both = () => Promise.all([statusAt(one.url), statusAt(other.url)]);
    await waitUntil('two partitions each', 40_000, async () =>
      (await both()).every(
        ({ partitions }) => partitions.filter(({ state }) => state === 'streaming').length === 2,
      ),
    );
    const producer = await startProducing(onTestFinished);
    await waitUntil('both write', 40_000, async () =>
      (await both()).every(({ counts }) => counts.applied > 1_000),
    );
    await one.service.kill();
    expect((await producer.stop()).code).toBe(0);
    const total = await recordsInLog();
    await waitUntil('the other has taken over', 40_000, async () => (await rows()) >= total);
    expect(await rows()).toBe(total);
    expect((await other.service.stop()).code).toBe(0);
    await pipeline.run(['audit']);
  });

  it('refuses to start without tables, with code 2', async () => {
    const finished = await runProgram(['sink'], {
      ...pipeline.environment,
      REELSTREAM_CLICKHOUSE_DATABASE: `nothing_${process.pid}`,
      REELSTREAM_SINK_METRICS_PORT: String(await findFreePort()),
    });
    expect(finished.code).toBe(2);
    expect(finished.stdout).toMatch(/reelstream migrate/);
  });

  it('refuses to start without a catalogue, with code 2, unless told so', async () => {
    const environment = {
      ...pipeline.environment,
      REELSTREAM_CLICKHOUSE_DATABASE: `no_catalogue_${process.pid}`,
      REELSTREAM_SINK_GROUP: `no-catalogue-${process.pid}`,
      REELSTREAM_SINK_METRICS_PORT: String(await findFreePort()),
    };
    expect((await runProgram(['migrate'], environment)).code).toBe(0);
    const refused = await runProgram(['sink'], environment);
    expect(refused.code).toBe(2);
    expect(refused.stdout).toMatch(/--without-catalog/);
    const ready = `http://127.0.0.1:${environment.REELSTREAM_SINK_METRICS_PORT}/readyz`;
    const service = await startService(['sink', '--without-catalog'], environment, ready);
    const unknown = `SELECT countIf(genre_ids = [0] AND catalog_version = 0) FROM ${environment.REELSTREAM_CLICKHOUSE_DATABASE}.events_raw`;
    await waitUntil('rows of unknown films', 20_000, async () => (await pipeline.count(unknown)) > 0);
    expect((await service.stop()).code).toBe(0);
  });

  it('refuses a ratings topic with compaction, with code 1', async () => {
    const compacted = `compacted-${process.pid}`;
    const config = { 'message.timestamp.type': 'LogAppendTime', 'cleanup.policy': 'compact' };
    await admin.ensureTopics([{ name: compacted, partitions: 1, config }]);
    const finished = await runProgram(['sink'], {
      ...pipeline.environment,
      REELSTREAM_RATINGS_TOPIC: compacted,
      REELSTREAM_SINK_METRICS_PORT: String(await findFreePort()),
    });
    expect(finished.code).toBe(1);
    expect(finished.stdout).toMatch(/cleanup.policy=compact, needed is delete/);
  });

  it('ends with 3 when ClickHouse is away at the start', async () => {
    const finished = await runProgram(['sink'], {
      ...pipeline.environment,
      REELSTREAM_CLICKHOUSE_URL: `http://127.0.0.1:${await findFreePort()}`,
      REELSTREAM_SINK_METRICS_PORT: String(await findFreePort()),
    });
    expect(finished.code).toBe(3);
  });
});
