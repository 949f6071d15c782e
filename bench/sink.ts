import { join } from 'node:path';
import { prepareStores } from '../cli/start/prepare.ts';
import { sinkSpec } from '../cli/start/services.ts';
import { clickHouseFrom, kafkaAdminFrom } from '../cli/wiring.ts';
import type { connectClickHouse } from '../clickhouse/connection.ts';
import { systemClock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import { createOwnProcessSpec } from '../embedded/own-process.ts';
import { projectRoot } from '../runtime/environment.ts';
import { type BenchStack, startBenchStack } from './bench-stack.ts';

export interface SinkBench {
  readonly events: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** CPU microseconds per event */
  readonly cpuMicros: { readonly sink: number; readonly engine: number; readonly broker: number };
}

const POLL_MS = 100;
const DEADLINE_MS = 300_000;
const PRODUCE_RATE = 400_000;

/** Events already in Kafka -> raw and every aggregate, through the real sink process; timed from its first row to its last. */
export async function benchSink(events: number, say: (line: string) => void): Promise<SinkBench> {
  const stack = await startBenchStack(say);
  const { settings, supervisor } = stack;
  const clickhouse = clickHouseFrom(settings);
  const admin = kafkaAdminFrom(settings, 'reelstream-bench');
  try {
    await prepareStores(settings, clickhouse, admin, say);
    say(`producing ${events.toLocaleString('en-US')} events`);
    await produceAll(stack, events);
    say('starting the sink');
    await supervisor.start([sinkSpec(settings)]);
    const names = ['sink', 'clickhouse', 'kafka'] as const;
    const cpuAt = () => names.map((name) => stack.cpuSeconds(name));
    const startedMs = systemClock.monotonicMs();
    const cpuBefore = cpuAt();
    await untilRows(clickhouse, events);
    const seconds = (systemClock.monotonicMs() - startedMs) / 1_000;
    const [sink, engine, broker] = cpuAt().map((cpu, i) => ((cpu - cpuBefore[i]!) / events) * 1e6) as [
      number,
      number,
      number,
    ];
    return { events, seconds, eventsPerSecond: events / seconds, cpuMicros: { sink, engine, broker } };
  } finally {
    await Promise.allSettled([clickhouse.close(), admin.close()]);
    await stack.remove();
  }
}

/** The producer's own process, resampling the sample's ratings. */
async function produceAll(stack: BenchStack, events: number): Promise<void> {
  const { supervisor, settings, home } = stack;
  const args = [
    'produce',
    '--count',
    String(events),
    '--rate',
    String(PRODUCE_RATE),
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

async function untilRows(clickhouse: ReturnType<typeof connectClickHouse>, rows: number): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + DEADLINE_MS;
  for (;;) {
    // Trivial count: from the parts' metadata, so that looking costs the engine nothing
    const [found] = await clickhouse.query<{ n: string }>('SELECT count() AS n FROM events_raw');
    if (Number(found?.n) >= rows) return;
    if (systemClock.monotonicMs() > deadlineMs)
      throw new ReelstreamError('timeout', `only ${found?.n} rows in time`);
    await systemClock.sleep(POLL_MS);
  }
}
