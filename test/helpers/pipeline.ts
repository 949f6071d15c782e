import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouse, connectClickHouse } from '../../clickhouse/connection.ts';
import type { SinkStatus } from '../../consumers/sink-status.ts';
import { findFreePorts } from '../../embedded/supervisor/ports.ts';
import { startTestClickHouse, type TestClickHouse } from './clickhouse-server.ts';
import { type Finished, type RunningService, runProgram, startService } from './program.ts';
import { sharedClickHouse, sharedKafka, sharedRegistry } from './shared.ts';
import { startTestKafka, startTestRegistry, type TestKafka, type TestRegistry } from './stack.ts';

const STATUS_TIMEOUT_MS = 2_000;

/** The whole pipeline as separate processes of the built program, on free ports over temporary folders. */
export interface TestPipeline extends SharedPipeline {
  readonly kafka: TestKafka;
  readonly registry: TestRegistry;
  readonly clickhouse: TestClickHouse;
}

/** The same on servers that others use too, under names that nobody else has. */
export interface SharedPipeline {
  readonly db: ClickHouse;
  readonly environment: Readonly<Record<string, string>>;
  /** runs a command; fails the test when it ends with another code than `expected` (default 0) */
  run(args: readonly string[], expected?: number): Promise<Finished>;
  startSink(more?: Readonly<Record<string, string>>): Promise<RunningService>;
  startProducer(args: readonly string[]): Promise<RunningService>;
  /** what the sink says of itself; null when it does not answer */
  sinkStatus(): Promise<SinkStatus | null>;
  /** a single number */
  count(sql: string): Promise<number>;
  remove(): Promise<void>;
}

/** Kafka, registry and ClickHouse with topics, tables and the sample catalogue. */
export async function startTestPipeline(extra: Readonly<Record<string, string>> = {}): Promise<TestPipeline> {
  const kafka = await startTestKafka();
  const [registry, clickhouse] = await Promise.all([startTestRegistry(kafka.brokers), startTestClickHouse()]);
  const pipeline = await openPipeline(kafka.brokers, registry.url, clickhouse.url, extra);
  return {
    ...pipeline,
    kafka,
    registry,
    clickhouse,
    async remove() {
      await pipeline.remove();
      await Promise.all([clickhouse.stop(), registry.remove()]);
      await kafka.remove();
    },
  };
}

let pipelines = 0;

/** For tests that kill nothing but what they have started. A ClickHouse of their own may be given, to be killed as well. */
export async function openSharedPipeline(
  extra: Readonly<Record<string, string>> = {},
  clickhouse?: TestClickHouse,
): Promise<SharedPipeline> {
  const mark = `${process.pid}_${pipelines++}`;
  const clickhouseUrl = clickhouse?.url ?? (await sharedClickHouse());
  return openPipeline(await sharedKafka(), await sharedRegistry(), clickhouseUrl, {
    REELSTREAM_RATINGS_TOPIC: `ratings_${mark}`,
    REELSTREAM_USERS_TOPIC: `users_${mark}`,
    REELSTREAM_DEAD_LETTER_TOPIC: `dead_letters_${mark}`,
    REELSTREAM_SINK_GROUP: `sink_${mark}`,
    REELSTREAM_CLICKHOUSE_DATABASE: `pipeline_${mark}`,
    ...extra,
  });
}

async function openPipeline(
  brokers: string,
  registryUrl: string,
  clickhouseUrl: string,
  extra: Readonly<Record<string, string>>,
): Promise<SharedPipeline> {
  const home = mkdtempSync(join(tmpdir(), 'reelstream-home-'));
  const [sinkPort, producerPort] = (await findFreePorts(2)) as [number, number];
  const environment: Readonly<Record<string, string>> = {
    REELSTREAM_HOME: home,
    REELSTREAM_KAFKA_BROKERS: brokers,
    REELSTREAM_REGISTRY_URL: registryUrl,
    REELSTREAM_CLICKHOUSE_URL: clickhouseUrl,
    REELSTREAM_SINK_METRICS_PORT: String(sinkPort),
    REELSTREAM_PRODUCER_METRICS_PORT: String(producerPort),
    ...extra,
  };
  const database = environment.REELSTREAM_CLICKHOUSE_DATABASE ?? 'reelstream';
  const db = connectClickHouse({ url: clickhouseUrl, database });
  const run = async (args: readonly string[], expected = 0) => {
    const finished = await runProgram(args, environment);
    if (finished.code === expected) return finished;
    throw new Error(
      `reelstream ${args.join(' ')} ended with ${finished.code}, not ${expected}:\n${finished.stdout}\n${finished.stderr}`,
    );
  };
  await run(['migrate', '--topics']);
  await run(['catalog', 'load', 'data']);
  return {
    db,
    environment,
    run,
    startSink: (more = {}) =>
      startService(['sink'], { ...environment, ...more }, `http://127.0.0.1:${sinkPort}/readyz`),
    sinkStatus: () =>
      fetch(`http://127.0.0.1:${sinkPort}/status`, { signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) })
        .then((answer) => answer.json() as Promise<SinkStatus>)
        .catch(() => null),
    startProducer: (args) => startService(['produce', ...args], environment, null),
    async count(sql) {
      const [row] = await db.query<Record<string, string | number>>(sql);
      return Number(Object.values(row ?? {})[0]);
    },
    async remove() {
      await db.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
