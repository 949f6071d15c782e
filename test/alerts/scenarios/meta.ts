import { scenario } from '../scenario.ts';
import { from } from '../series.ts';

const down = () => 0;

/** The watch itself. */
export const meta = [
  scenario('a healthy pipeline for two hours', 120, {}),
  scenario(
    'ClickHouse cannot be scraped',
    90,
    { up: { clickhouse: from(60, 0, 1) } },
    { PipelineTargetDown: { notBefore: 61, by: 63, count: 1, still: [85] } },
  ),
  scenario(
    'Alertmanager cannot be scraped: a ticket',
    90,
    { up: { alertmanager: from(60, 0, 1) } },
    { PipelineTargetDown: { by: 63, count: 1 } },
  ),
  scenario('one scrape fails', 90, { up: { sink: (t) => (t === 60 ? 0 : 1) } }),
  scenario(
    'services that were never started are not down',
    90,
    {
      up: { recommender: () => 0, producer: () => 0, reconciler: () => 0 },
      without: [/job="(recommender|producer|reconciler)",instance="[^"]*",/, /recon_(last|interval)/],
      sink: { lag: () => 0, consumed: () => 0 },
    },
    { PipelineMetricsMissing: { by: 25, count: 2 } },
  ),
  scenario('a load test of eight minutes ends', 90, {
    up: { producer: (t) => (t < 60 ? null : t < 68 ? 1 : 0) },
    patch: [
      [
        /job="producer",instance="[^"]*",/,
        (sample, t) => (t >= 60 && t < 68 ? sample : t === 68 ? 'stale' : null),
      ],
    ],
    rate: (t) => (t >= 60 && t < 68 ? 100 : 0),
    sink: { lag: () => 0 },
    recommender: { lag: () => 0 },
  }),
  scenario('a producer that comes and goes never was a service', 120, {
    up: { producer: (t) => (t % 8 < 4 ? 1 : 0) },
    without: [/job="producer",instance="[^"]*",/],
    rate: () => 0,
  }),
  scenario('only the stack runs, none of our services ever did', 60, {
    up: { producer: down, sink: down, recommender: down, reconciler: down },
    without: [/job="(producer|sink|recommender|reconciler)",instance="[^"]*",/, /recon_(last|interval)/],
  }),
  scenario('the series that rules stand on are missing for a few minutes', 90, {
    patch: [[/recon_last_success/, (sample, t) => (t === 60 ? 'stale' : t > 60 && t < 66 ? null : sample)]],
  }),
  scenario(
    'the sink stops exporting what rules stand on',
    120,
    {
      without: [
        /consumer_events_applied_total{job="sink"/,
        /consumer_events_applied_total{job="recommender"/,
      ],
    },
    { PipelineMetricsMissing: { by: 25, count: 1 } },
  ),
];
