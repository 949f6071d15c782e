import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouse, connectClickHouse } from '../../clickhouse/connection.ts';
import { findFreePorts } from '../../embedded/supervisor/ports.ts';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { deadLetterTopic, ratingsTopic } from '../../kafka/topics.ts';
import { startTestClickHouse, type TestClickHouse } from './clickhouse-server.ts';
import { type Finished, type RunningService, runProgram, startService } from './program.ts';
import { startTestKafka, startTestRegistry, type TestKafka, type TestRegistry } from './stack.ts';

/** The whole pipeline as separate processes of the built program, on free ports over temporary folders. */
export interface TestPipeline {
  readonly kafka: TestKafka;
  readonly registry: TestRegistry;
  readonly clickhouse: TestClickHouse;
  readonly db: ClickHouse;
  readonly environment: Readonly<Record<string, string>>;
  /** runs a command; fails the test when it ends with another code than `expected` (default 0) */
  run(args: readonly string[], expected?: number): Promise<Finished>;
  startSink(): Promise<RunningService>;
  startProducer(args: readonly string[]): Promise<RunningService>;
  /** a single number */
  count(sql: string): Promise<number>;
  remove(): Promise<void>;
}

/** Kafka, registry and ClickHouse with topics, tables and the sample catalogue. */
export async function startTestPipeline(extra: Readonly<Record<string, string>> = {}): Promise<TestPipeline> {
  const home = mkdtempSync(join(tmpdir(), 'reelstream-home-'));
  const kafka = await startTestKafka();
  const [registry, clickhouse] = await Promise.all([startTestRegistry(kafka.brokers), startTestClickHouse()]);
  const [sinkPort, producerPort] = (await findFreePorts(2)) as [number, number];
  const environment = {
    REELSTREAM_HOME: home,
    REELSTREAM_KAFKA_BROKERS: kafka.brokers,
    REELSTREAM_REGISTRY_URL: registry.url,
    REELSTREAM_CLICKHOUSE_URL: clickhouse.url,
    REELSTREAM_SINK_METRICS_PORT: String(sinkPort),
    REELSTREAM_PRODUCER_METRICS_PORT: String(producerPort),
    ...extra,
  };
  const db = connectClickHouse({ url: clickhouse.url, database: 'reelstream' });
  const run = async (args: readonly string[], expected = 0) => {
    const finished = await runProgram(args, environment);
    if (finished.code === expected) return finished;
    throw new Error(
      `reelstream ${args.join(' ')} ended with ${finished.code}, not ${expected}:\n${finished.stdout}\n${finished.stderr}`,
    );
  };
  await createTopics(kafka.brokers);
  await run(['migrate']);
  await run(['catalog', 'load', 'data']);
  return {
    kafka,
    registry,
    clickhouse,
    db,
    environment,
    run,
    startSink: () => startService(['sink'], environment, `http://127.0.0.1:${sinkPort}/readyz`),
    startProducer: (args) => startService(['produce', ...args], environment, null),
    async count(sql) {
      const [row] = await db.query<Record<string, string | number>>(sql);
      return Number(Object.values(row ?? {})[0]);
    },
    async remove() {
      await db.close();
      await Promise.all([clickhouse.stop(), registry.remove()]);
      await kafka.remove();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function createTopics(brokers: string): Promise<void> {
  const admin = createKafkaAdmin({ connection: { brokers: [brokers], clientId: 'test-pipeline' } });
  try {
    await admin.ensureTopics([ratingsTopic('ratings', 4), deadLetterTopic('ratings.dead-letter')]);
  } finally {
    await admin.close();
  }
}
