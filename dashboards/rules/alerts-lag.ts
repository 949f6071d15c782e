import type { Windows } from './profile.ts';
import { MEANT_TO_READ, type RuleGroup } from './rule.ts';

const L = 'group:reelstream_lag_events';
const MIN_LAG_EVENTS = 500;

/** Does every reader keep up, on every partition. */
export function lagAlerts({ d, s }: Windows): RuleGroup {
  return {
    name: 'reelstream_lag_alerts',
    rules: [
      {
        alert: 'ConsumerLagNotDraining',
        severity: 'page',
        condition: `${L}:sum > ${MIN_LAG_EVENTS}`,
        guards: {
          'never caught up in between': `and min_over_time(${L}:sum[${d('10m')}]) > ${MIN_LAG_EVENTS}`,
          'more than a minute of its work': `and group:reelstream_lag_seconds:estimate > ${s('1m')}`,
          'not gone in half an hour': `and (${L}:deriv15m >= 0 or group:reelstream_lag_drain_seconds:estimate > ${s('30m')})`,
          'and not even now': `and (${L}:deriv5m >= 0 or ${L}:sum / -(${L}:deriv5m < 0) > ${s('30m')})`,
          'meant to read': MEANT_TO_READ,
        },
        for: d('5m'),
        summary:
          '{{ $labels.group }} is {{ $value | humanize }} events behind on {{ $labels.topic }} and does not catch up',
        dashboard: 'reelstream-kafka',
      },
      {
        alert: 'ConsumerPartitionStuck',
        severity: 'page',
        condition: `min_over_time(reelstream_kafka_group_lag_events[${d('10m')}]) > 0`,
        guards: {
          'its position stood still': `and on (topic, group, partition) changes(reelstream_kafka_group_committed_offset[${d('10m')}]) == 0`,
          'meant to read': MEANT_TO_READ,
        },
        for: d('5m'),
        summary:
          '{{ $labels.group }} does not move on {{ $labels.topic }}/{{ $labels.partition }} although events wait',
        dashboard: 'reelstream-kafka',
      },
      {
        alert: 'ConsumerPartitionHalted',
        severity: 'page',
        condition: 'sum by (topic, group) (reelstream_consumer_halted_partitions) > 0',
        for: d('1m'),
        summary:
          '{{ $labels.group }} halted {{ $value }} partitions of {{ $labels.topic }}: log and table disagree, nothing goes on without a person',
        dashboard: 'reelstream-kafka',
      },
    ],
  };
}
