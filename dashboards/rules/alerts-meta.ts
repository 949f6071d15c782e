import type { Windows } from './profile.ts';
import type { AlertRule, RuleGroup } from './rule.ts';

/** Jobs whose end stops the pipeline or blinds its watch, and jobs that are missed later. */
const VITAL_JOBS = ['producer', 'sink', 'recommender', 'reconciler', 'clickhouse', 'registry'];
const OTHER_JOBS = ['alertmanager', 'prometheus', 'console'];

/** Series that the rules stand on, each with the job whose running promises it. */
const REQUIRED_SERIES: Readonly<Record<string, string>> = {
  reelstream_producer_events_acked_total: 'producer',
  reelstream_consumer_events_consumed_total: 'sink',
  reelstream_consumer_events_applied_total: 'sink',
  // a pipeline that runs and that nobody looks at from outside
  reelstream_kafka_group_lag_events: 'sink',
  reelstream_recon_last_success_timestamp_seconds: 'sink',
};

const STEADY = 'job:reelstream_up:steady';

/** Is the watch itself awake. */
export function metaAlerts({ d }: Windows): RuleGroup {
  const targetDown = (severity: AlertRule['severity'], jobs: readonly string[]): AlertRule => ({
    alert: 'PipelineTargetDown',
    severity,
    condition: `up{job=~"${jobs.join('|')}"} == 0`,
    guards: {
      'it is a service and not a short run': `and on (job, instance) last_over_time(${STEADY}[${d('1d')}])`,
    },
    for: d('2m'),
    summary: '{{ $labels.job }} at {{ $labels.instance }} cannot be scraped: it is down or hangs',
    dashboard: 'reelstream-overview',
  });
  const missing = Object.entries(REQUIRED_SERIES).map(
    ([series, job]) =>
      `(
        label_replace(absent(${series}), "series", "${series}", "", "")
        and on () last_over_time(${STEADY}{job="${job}"}[${d('1d')}])
      )`,
  );
  return {
    name: 'reelstream_meta',
    rules: [
      {
        record: STEADY,
        condition: 'up == 1',
        guards: {
          'without a break': `and min_over_time(up[${d('10m')}]) == 1`,
          'for ten minutes': `and up offset ${d('10m')} == 1`,
        },
        why: 'jobs that were meant to stay; a load test of a few minutes ends without an alarm',
      },
      {
        alert: 'Watchdog',
        severity: 'heartbeat',
        condition: 'vector(1)',
        summary: 'Always firing: when a receiver stops getting this, the way of alerts is broken',
      },
      targetDown('page', VITAL_JOBS),
      targetDown('ticket', OTHER_JOBS),
      {
        alert: 'PipelineMetricsMissing',
        severity: 'ticket',
        condition: missing.join('\n      or\n      '),
        for: d('10m'),
        summary: 'There is no series {{ $labels.series }}: alerts that stand on it cannot fire',
        dashboard: 'reelstream-overview',
      },
    ],
  };
}
