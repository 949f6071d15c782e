import type { Windows } from './profile.ts';
import type { RecordingRule, RuleGroup } from './rule.ts';

const L = 'group:reelstream_lag_events';
const CONSUMED = 'reelstream_consumer_events_consumed_total';
const perGroup = (metric: string, window: string) => `sum by (topic, group) (increase(${metric}[${window}]))`;

export function lag({ d }: Windows): RuleGroup {
  return {
    name: 'reelstream_lag',
    rules: [
      {
        record: `${L}:sum`,
        condition: 'sum by (topic, group) (reelstream_kafka_group_lag_events)',
        why: 'backlog of a group',
      },
      { record: `${L}:deriv15m`, condition: `deriv(${L}:sum[${d('15m')}])`, why: 'does it grow' },
      { record: `${L}:deriv5m`, condition: `deriv(${L}:sum[${d('5m')}])`, why: 'does it still grow' },
      {
        record: 'group:reelstream_lag_seconds:estimate',
        condition: `${L}:sum / on (topic, group) sum by (topic, group) (rate(${CONSUMED}[${d('5m')}]))`,
        why: "Little's law: seconds of the group's own work; +Inf when it does nothing",
      },
      {
        record: 'group:reelstream_lag_drain_seconds:estimate',
        condition: `${L}:sum / -(${L}:deriv15m < 0)`,
        why: 'time until it has caught up; missing unless the backlog shrinks',
      },
    ],
  };
}

export function quality({ d }: Windows): RuleGroup {
  const share = (what: string, metric: string, window: '5m' | '15m'): RecordingRule => ({
    record: `topic:reelstream_${what}:ratio${window}`,
    condition: `${perGroup(metric, d(window))} / (${perGroup(CONSUMED, d(window))} > 0)`,
    why: 'share of what was read',
  });
  const duplicates = 'reelstream_consumer_events_dropped_total{reason="duplicate"}';
  return {
    name: 'reelstream_quality',
    rules: [
      share('dead_letters', 'reelstream_consumer_events_dead_lettered_total', '15m'),
      share('duplicates', duplicates, '5m'),
      share('duplicates', duplicates, '15m'),
    ],
  };
}
