import { join } from 'node:path';
import type { ClickHouse } from '../clickhouse/connection.ts';
import { systemClock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import { createOwnProcessSpec } from '../embedded/own-process.ts';
import { projectRoot } from '../runtime/environment.ts';
import { type BenchStack, type BenchTools, withBenchStack } from './bench-stack.ts';
import { benchKafkaEngine } from './kafka-engine.ts';
import { measureRise, type Rise } from './rise.ts';

export interface SinkBench {
  readonly events: number;
  readonly sink: Rise<'sink' | 'clickhouse' | 'kafka'>;
  readonly kafkaEngine: Rise<'clickhouse' | 'kafka'>;
  /** sink / Kafka engine */
  readonly ratios: {
    readonly rate: number;
    /** client and engine on both sides, the broker on neither */
    readonly cpu: number;
  };
}

const PRODUCE_RATE = 400_000;
const MERGES_DEADLINE_MS = 120_000;

/**
 * Events already in Kafka -> raw and every aggregate, twice over the same log: by the real sink process, exactly once, and by
 * ClickHouse's own Kafka engine, at least once.
 */
export function benchSink(events: number, tools: BenchTools): Promise<SinkBench> {
  return withBenchStack(tools, (stack) => compare(stack, events, tools));
}

async function compare(stack: BenchStack, events: number, tools: BenchTools): Promise<SinkBench> {
  const { settings } = stack;
  const { say } = tools;
  const clickhouse = tools.clickHouseFrom(settings);
  const admin = tools.kafkaAdminFrom(settings, 'reelstream-bench');
  try {
    await tools.prepareStores(settings, clickhouse, admin, say);
    say(`producing ${events.toLocaleString('en-US')} events`);
    await produceAll(stack, events);
    say('the sink');
    await stack.supervisor.start([tools.sinkSpec(settings)]);
    const sink = await measureRise(clickhouse, events, ['sink', 'clickhouse', 'kafka'], stack.cpuSeconds);
    await stack.supervisor.stop(['sink']);
    await untilMergesRest(clickhouse);
    say("ClickHouse's Kafka engine");
    const kafkaEngine = await benchKafkaEngine(stack, events);
    return { events, sink, kafkaEngine, ratios: ratiosOf(sink, kafkaEngine) };
  } finally {
    await Promise.allSettled([clickhouse.close(), admin.close()]);
  }
}

function ratiosOf(sink: SinkBench['sink'], peer: SinkBench['kafkaEngine']): SinkBench['ratios'] {
  return {
    rate: sink.eventsPerSecond / peer.eventsPerSecond,
    cpu: (sink.cpuMicros.sink + sink.cpuMicros.clickhouse) / peer.cpuMicros.clickhouse,
  };
}

/** What the first run left to merge would be paid by the second. */
export async function untilMergesRest(clickhouse: ClickHouse): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + MERGES_DEADLINE_MS;
  for (let idle = 0; idle < 5; ) {
    const [merges] = await clickhouse.query<{ n: string }>('SELECT count() AS n FROM system.merges');
    idle = Number(merges?.n) === 0 ? idle + 1 : 0;
    if (systemClock.monotonicMs() > deadlineMs)
      throw new ReelstreamError('timeout', 'the merges of the first run do not end');
    await systemClock.sleep(500);
  }
}

/** The producer's own process, with live events. */
export async function produceAll(stack: BenchStack, events: number): Promise<void> {
  const { supervisor, settings, home } = stack;
  const args = [
    'produce',
    '--count',
    String(events),
    '--rate',
    String(PRODUCE_RATE),
    '--min-achieved',
    '0',
    '--report-json',
    join(home, 'report.json'),
  ];
  await supervisor.start([
    createOwnProcessSpec({
      name: 'producer',
      nodeCommand: process.execPath,
      launcher: join(projectRoot, 'cli', 'reelstream.mjs'),
      args,
      cwd: projectRoot,
      after: [],
      port: settings.REELSTREAM_PRODUCER_METRICS_PORT,
      portSetting: 'REELSTREAM_PRODUCER_METRICS_PORT',
      readyPath: '/healthz',
      stopDeadlineMs: 30_000,
      endsByItself: true,
    }),
  ]);
  const { code } = await supervisor.exited('producer');
  if (code !== 0) throw new ReelstreamError('unknown', `the producer ended with ${code}`);
}
