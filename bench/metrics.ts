import { countSeries } from '../core/series-bound.ts';
import { findFreePorts } from '../embedded/supervisor/ports.ts';
import type { ProcessSpec } from '../embedded/supervisor/process-spec.ts';
import type { Settings } from '../runtime/settings.ts';
import { type BenchStack, type BenchTools, withBenchStack } from './bench-stack.ts';
import { measureRise } from './rise.ts';
import { type ScrapeCost, scrapeCost, startScraper } from './scrape.ts';
import { produceAll, untilMergesRest } from './sink.ts';

export interface MetricsTools extends BenchTools {
  /** processes that export figures */
  servicesFrom(settings: Settings): readonly ProcessSpec[];
  /** by the name of the process: the most series that follow from the catalogue */
  seriesBounds(settings: Settings): Readonly<Record<string, number>>;
}

export interface SinkRun {
  readonly metrics: 'on' | 'off';
  readonly eventsPerSecond: number;
  readonly cpuMicros: number;
  readonly scrapes: number;
}

export interface ServiceScrape extends ScrapeCost {
  readonly service: string;
  readonly bound: number;
}

export interface MetricsBench {
  readonly events: number;
  readonly runs: readonly SinkRun[];
  /** medians, on / off */
  readonly ratios: { readonly rate: number; readonly cpu: number };
  readonly services: readonly ServiceScrape[];
}

/** Whatever the machine does over minutes meets both alike: every pair is followed by its mirror image. */
const ORDER = ['on', 'off', 'off', 'on', 'on', 'off', 'off', 'on'] as const;
/** As the profile `demo` has it; production scrapes every five. */
const SCRAPE_INTERVAL_MS = 1_000;

/**
 * The sink over one log of `events`, again and again into tables of its own: with its figures counted and scraped every second,
 * and without (REELSTREAM_METRICS=false: no instruments, nothing collected of the process). Then every service is scraped.
 */
export function benchMetrics(events: number, tools: MetricsTools): Promise<MetricsBench> {
  return withBenchStack(tools, async (stack) => {
    const admin = tools.kafkaAdminFrom(stack.settings, 'reelstream-bench');
    try {
      await tools.prepareTopics(stack.settings, admin);
    } finally {
      await admin.close();
    }
    tools.say(`producing ${events.toLocaleString('en-US')} events`);
    await produceAll(stack, events);
    const runs: SinkRun[] = [];
    for (const [i, metrics] of ORDER.entries()) {
      runs.push(await runSink(stack, events, metrics, i, tools));
      tools.say(`metrics ${metrics}: ${Math.round(runs.at(-1)!.eventsPerSecond)} events/s`);
    }
    return { events, runs, ratios: ratiosOf(runs), services: await scrapeServices(stack, tools) };
  });
}

function ratiosOf(runs: readonly SinkRun[]): MetricsBench['ratios'] {
  const median = (metrics: SinkRun['metrics'], of: (run: SinkRun) => number) =>
    medianOf(runs.filter((run) => run.metrics === metrics).map(of));
  const ratio = (of: (run: SinkRun) => number) => median('on', of) / median('off', of);
  return { rate: ratio((run) => run.eventsPerSecond), cpu: ratio((run) => run.cpuMicros) };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

/** Reads the whole log into a database of its own, which is gone afterwards. */
async function runSink(
  stack: BenchStack,
  events: number,
  metrics: SinkRun['metrics'],
  round: number,
  tools: MetricsTools,
): Promise<SinkRun> {
  const own = {
    REELSTREAM_CLICKHOUSE_DATABASE: `metrics_${round}`,
    REELSTREAM_SINK_GROUP: `sink-${round}`,
    REELSTREAM_METRICS: String(metrics === 'on'),
  };
  const settings = { ...stack.settings, ...own, REELSTREAM_METRICS: metrics === 'on' };
  const clickhouse = tools.clickHouseFrom(settings);
  const admin = tools.kafkaAdminFrom(settings, 'reelstream-bench');
  try {
    await tools.prepareStores(settings, clickhouse, admin, () => {});
    const spec = tools.sinkSpec(settings);
    await stack.supervisor.start([{ ...spec, env: { ...spec.env, ...own } }]);
    const scraper =
      metrics === 'on' ? startScraper(settings.REELSTREAM_SINK_METRICS_PORT, SCRAPE_INTERVAL_MS) : null;
    const rise = await measureRise(clickhouse, events, ['sink'], stack.cpuSeconds);
    const scrapes = (await scraper?.stop()) ?? 0;
    await stack.supervisor.stop(['sink']);
    await untilMergesRest(clickhouse);
    await clickhouse.command(`DROP DATABASE ${own.REELSTREAM_CLICKHOUSE_DATABASE} SYNC`);
    return { metrics, eventsPerSecond: rise.eventsPerSecond, cpuMicros: rise.cpuMicros.sink, scrapes };
  } finally {
    await Promise.allSettled([clickhouse.close(), admin.close()]);
  }
}

/** Each service by itself and at rest: what a scrape costs does not depend on what was counted. */
async function scrapeServices(stack: BenchStack, tools: MetricsTools): Promise<ServiceScrape[]> {
  const [reconcilerPort, consolePort] = (await findFreePorts(2)) as [number, number];
  const ports = {
    REELSTREAM_RECONCILER_METRICS_PORT: reconcilerPort,
    REELSTREAM_CONSOLE_PORT: consolePort,
  };
  const settings: Settings = { ...stack.settings, ...ports, REELSTREAM_RATINGS_TOPIC: 'scraped' };
  const env = {
    REELSTREAM_RECONCILER_METRICS_PORT: String(reconcilerPort),
    REELSTREAM_CONSOLE_PORT: String(consolePort),
    // a log that is short: they shall be at rest
    REELSTREAM_RATINGS_TOPIC: settings.REELSTREAM_RATINGS_TOPIC,
  };
  const clickhouse = tools.clickHouseFrom(settings);
  const admin = tools.kafkaAdminFrom(settings, 'reelstream-bench');
  const bounds = tools.seriesBounds(settings);
  const scraped: ServiceScrape[] = [];
  try {
    await tools.prepareStores(settings, clickhouse, admin, () => {});
    for (const spec of tools.servicesFrom(settings)) {
      await stack.supervisor.start([{ ...spec, after: [], env: { ...spec.env, ...env } }]);
      const cost = await scrapeCost(spec.ports[0]!.port, () => stack.cpuSeconds(spec.name), countSeries);
      scraped.push({ service: spec.name, bound: bounds[spec.name]!, ...cost });
      await stack.supervisor.stop([spec.name]);
    }
    return scraped;
  } finally {
    await Promise.allSettled([clickhouse.close(), admin.close()]);
  }
}
