import { benchMetrics, type MetricsBench, type MetricsTools } from '../../bench/metrics.ts';
import type { ProcessSpec } from '../../embedded/supervisor/process-spec.ts';
import type { Settings } from '../../runtime/settings.ts';
import type { Cell } from '../print.ts';
import { seriesBounds } from '../service-metrics.ts';
import { servicesOf } from '../start/services.ts';
import { type Bench, benchTools } from './bench.ts';

const tools: MetricsTools = {
  ...benchTools,
  servicesFrom,
  seriesBounds: (settings) => seriesBounds(settings),
};

/** The producer without its history: at rest, as the others are. */
function servicesFrom(settings: Settings): ProcessSpec[] {
  const { sink, recommender, reconciler, producer, console } = servicesOf(settings, 1);
  const [launcher] = producer.args;
  return [
    sink,
    recommender,
    reconciler,
    { ...producer, args: [launcher!, 'produce', '--rate', '1'] },
    console,
  ];
}

export const metrics: Bench<MetricsBench> = {
  name: 'metrics',
  summary:
    'what figures cost: the sink with and without them, scraped every second; series and bytes of each service',
  events: 1_500_000,
  run: (events) => benchMetrics(events, tools),
  rows: ({ events, runs, ratios, services }) => [
    ['events', events],
    ...runs.flatMap(({ metrics, eventsPerSecond, cpuMicros, scrapes }, i): [string, Cell][] => [
      [
        `run ${i + 1}, metrics ${metrics}, ${scrapes} scrapes: events per second`,
        Math.round(eventsPerSecond),
      ],
      ['  CPU of the sink per event (us)', cpuMicros],
    ]),
    ['ratio of rates, on / off (medians)', ratios.rate],
    ["ratio of the sink's CPU per event, on / off", ratios.cpu],
    ...services.flatMap(({ service, series, bound, bytes, cpuMs }): [string, Cell][] => [
      [`${service}, series (at most ${bound})`, series],
      ['  bytes per scrape', bytes],
      ['  CPU per scrape (ms)', cpuMs],
    ]),
  ],
};
