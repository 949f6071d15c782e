import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { audit } from '../../clickhouse/audit.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { readStreams } from '../../clickhouse/slots.ts';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { Supervisor } from '../../embedded/supervisor/supervisor.ts';
import type { KafkaAdmin } from '../../kafka/admin.ts';
import type { Settings } from '../../runtime/settings.ts';
import { stackHome } from '../stack.ts';
import { beginRange, type LogRange, type RawCounts, rawRowsOf, recordsIn } from './log-range.ts';
import { createMemoryWatch } from './memory-watch.ts';
import { prepareStores } from './prepare.ts';
import { producerSpec, sinkSpec } from './services.ts';
import type { RunFigures } from './summary.ts';

export interface PipelineRun {
  readonly settings: Settings;
  readonly stack: Supervisor;
  readonly clickhouse: ClickHouse;
  readonly admin: KafkaAdmin;
  readonly rate: number;
  /** produce for this long; without it until `stop` */
  readonly forMs?: number | undefined;
  /** when the command was started, on the monotonic clock */
  readonly startedAtMs: number;
  /** aborted = stop producing, drain, sum up */
  readonly stop: AbortSignal;
  /** aborted = do not even wait for the drain */
  readonly hurry: AbortSignal;
  say(line: string): void;
  show(line: string): void;
}

interface ProducerCounts {
  readonly generated: number;
  readonly acknowledged: number;
  readonly achievedRate: number;
}

interface SinkFigures {
  readonly freshness: { readonly p50Ms: number | null; readonly p99Ms: number | null };
}

const LOOK_INTERVAL_MS = 500;
/** The sink works off what is in the log at well over the producer's rate; longer means it is stuck. */
const DRAIN_DEADLINE_MS = 180_000;

/**
 * Sink and producer over a running stack until told to stop; then the drain, the audit and the figures.
 * @throws ReelstreamError what a service died of, or `timeout` when the sink does not drain
 */
export async function runPipeline(run: PipelineRun): Promise<RunFigures> {
  const { settings, stack, clickhouse, admin, rate } = run;
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  await prepareStores(settings, clickhouse, admin, run.say);
  const clusterId = await admin.clusterId();
  const range = await beginRange(admin, topic);
  const reportFile = join(stackHome(settings), 'run', 'producer-report.json');
  await rm(reportFile, { force: true });
  const count = () => rawRowsOf(range, clickhouse, clusterId, topic);

  const memory = createMemoryWatch(stack);
  await stack.start([sinkSpec(settings)]);
  await stack.start([producerSpec(settings, rate, reportFile)]);
  const firstRowMs = await untilStopped(run, range, count, memory.look);
  run.say('stopping the producer: it flushes what it has generated');
  await stack.stop(['producer']);
  const produced = JSON.parse(await readFile(reportFile, 'utf8')) as ProducerCounts;
  await untilDrained(run, range, count);
  memory.look();
  const sink = await sinkFigures(settings);
  await stack.stop(['sink']);
  run.say('audit: every aggregate against its recomputation over events_raw');
  const slots = (await readStreams(clickhouse)).map(({ slot }) => slot);
  const audited = await audit(clickhouse, slots);
  const raw = await count();
  return {
    generated: produced.generated,
    acknowledged: produced.acknowledged,
    rawRows: raw.rows,
    verdicts: raw.verdicts,
    deadLetters: raw.deadLetters,
    targetRate: rate,
    achievedRate: produced.achievedRate,
    freshnessP50Ms: sink.freshness.p50Ms,
    freshnessP99Ms: sink.freshness.p99Ms,
    firstRowMs,
    peakMemoryBytes: memory.peakBytes(),
    peakMemoryByProcess: memory.atPeak(),
    audit: audited,
  };
}

/** Shows figures until the stop; returns when the run's first row was aggregated, counted from the command's start. */
async function untilStopped(
  run: PipelineRun,
  range: LogRange,
  count: () => Promise<RawCounts>,
  look: () => number,
): Promise<number | null> {
  let firstRowMs: number | null = null;
  const failed = run.stack.failed.then((error) => {
    throw error;
  });
  failed.catch(() => {});
  const endsAtMs = systemClock.monotonicMs() + (run.forMs ?? Number.POSITIVE_INFINITY);
  while (!run.stop.aborted && systemClock.monotonicMs() < endsAtMs) {
    const [records, raw] = await Promise.race([
      Promise.all([recordsIn(range, run.admin, run.settings.REELSTREAM_RATINGS_TOPIC), count()]),
      failed,
    ]);
    const elapsedMs = systemClock.monotonicMs() - run.startedAtMs;
    if (raw.rows > 0) firstRowMs ??= elapsedMs;
    const bytes = look();
    run.show(
      `${(elapsedMs / 1_000).toFixed(0)} s  in Kafka ${records.toLocaleString('en-US')}  ` +
        `in ClickHouse ${raw.rows.toLocaleString('en-US')}  behind ${Math.max(0, records - raw.rows).toLocaleString('en-US')}  ` +
        `dead letters ${raw.deadLetters}  memory ${Math.round(bytes / 1e6)} MB`,
    );
    const restMs = Math.max(0, endsAtMs - systemClock.monotonicMs());
    await Promise.race([systemClock.sleep(Math.min(LOOK_INTERVAL_MS, restMs), run.stop), failed]);
  }
  return firstRowMs;
}

async function untilDrained(
  run: PipelineRun,
  range: LogRange,
  count: () => Promise<RawCounts>,
): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + DRAIN_DEADLINE_MS;
  const records = await recordsIn(range, run.admin, run.settings.REELSTREAM_RATINGS_TOPIC);
  for (;;) {
    const { rows } = await count();
    if (rows >= records || run.hurry.aborted) return;
    run.show(`draining: ${(records - rows).toLocaleString('en-US')} records to go`);
    if (systemClock.monotonicMs() > deadlineMs) {
      throw new ReelstreamError('timeout', `the sink has not taken ${records - rows} records; see its log`);
    }
    await systemClock.sleep(LOOK_INTERVAL_MS, run.hurry);
  }
}

async function sinkFigures(settings: Settings): Promise<SinkFigures> {
  const answer = await fetch(`http://127.0.0.1:${settings.REELSTREAM_SINK_METRICS_PORT}/status`);
  return (await answer.json()) as SinkFigures;
}
