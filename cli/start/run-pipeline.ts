import { audit } from '../../clickhouse/audit.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { readStreams } from '../../clickhouse/slots.ts';
import type { Supervisor } from '../../embedded/supervisor/supervisor.ts';
import type { KafkaAdmin } from '../../kafka/admin.ts';
import type { Settings } from '../../runtime/settings.ts';
import { beginRange, rawRowsOf, recordsIn } from './log-range.ts';
import { createMemoryWatch } from './memory-watch.ts';
import { prepareStores } from './prepare.ts';
import { forgetProducerReport, readProducerReport } from './producer-report.ts';
import type { Services } from './services.ts';
import { readSinkFigures } from './sink-figures.ts';
import type { RunFigures } from './summary.ts';
import { type Look, untilDrained, untilStopped } from './watch.ts';

export interface PipelineRun {
  readonly settings: Settings;
  readonly stack: Supervisor;
  readonly services: Services;
  readonly clickhouse: ClickHouse;
  readonly admin: KafkaAdmin;
  readonly rate: number;
  /** produce for this long; without it until `stop` */
  readonly forMs?: number | undefined;
  /** when the command was started, on the monotonic clock */
  readonly startedAtMs: number;
  /** aborted = stop producing, drain, sum up */
  readonly stop: AbortSignal;
  /** aborted when nobody waits for the figures any more */
  readonly over: AbortSignal;
  say(line: string): void;
  show(line: string): void;
}

/**
 * Sink, recommender, producer and reconciler over a running stack until told to stop; then the drain, the audit and the figures. Whoever calls it races
 * it with what makes it pointless: a process that has died, a second Ctrl-C.
 * @throws ReelstreamError `unavailable` when a service does not start, `timeout` when the producer or the sink does not drain
 */
export async function runPipeline(run: PipelineRun): Promise<RunFigures> {
  const { settings, stack, services, clickhouse, admin } = run;
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  await prepareStores(settings, clickhouse, admin, run.say);
  const clusterId = await admin.clusterId();
  const range = await beginRange(admin, topic);
  const memory = createMemoryWatch(stack);
  const look: Look = {
    async records() {
      run.over.throwIfAborted();
      return recordsIn(range, admin, topic);
    },
    async rows() {
      run.over.throwIfAborted();
      return rawRowsOf(range, clickhouse, clusterId, topic);
    },
    residentBytes: memory.look,
    show: run.show,
  };

  await forgetProducerReport(services.reportFile);
  await stack.start([services.sink, services.recommender]);
  await stack.start([services.producer, services.reconciler, services.console]);
  const firstRowMs = await untilStopped(look, run);
  run.say('stopping the producer: it flushes what it has generated');
  // its canaries are records as well: none may come behind the last look
  await stack.stop(['producer', 'reconciler']);
  const produced = await readProducerReport(services.reportFile);
  await untilDrained(look);
  memory.look();
  const sink = await readSinkFigures(settings);
  await stack.stop(['sink', 'recommender', 'console']);
  run.say('audit: every aggregate against its recomputation over events_raw');
  const slots = (await readStreams(clickhouse)).map(({ slot }) => slot);
  const audited = await audit(clickhouse, slots);
  const raw = await look.rows();
  return {
    generated: produced.generated,
    acknowledged: produced.acknowledged,
    rawRows: raw.rows - raw.canaries,
    canaries: raw.canaries,
    verdicts: raw.verdicts,
    deadLetters: raw.deadLetters,
    targetRate: produced.targetRate,
    achievedRate: produced.achievedRate,
    freshnessP50Ms: sink.freshness.p50Ms,
    freshnessP99Ms: sink.freshness.p99Ms,
    firstRowMs,
    peakMemoryBytes: memory.peakBytes(),
    peakMemoryByProcess: memory.atPeak(),
    audit: audited,
  };
}
