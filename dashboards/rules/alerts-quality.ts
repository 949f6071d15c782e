import type { Windows } from './profile.ts';
import type { RuleGroup } from './rule.ts';

const DEAD = 'reelstream_consumer_events_dead_lettered_total';
const DUPLICATES = 'reelstream_consumer_events_dropped_total{reason="duplicate"}';

/** Are the events good. */
export function qualityAlerts({ d }: Windows): RuleGroup {
  const perGroup = (series: string, window: string) =>
    `sum by (topic, group) (increase(${series}[${window}]))`;
  return {
    name: 'reelstream_quality_alerts',
    rules: [
      {
        alert: 'DeadLetterRatioHigh',
        severity: 'page',
        condition: 'topic:reelstream_dead_letters:ratio15m > 0.01',
        guards: {
          'more than a few': `and on (topic, group) ${perGroup(DEAD, d('15m'))} >= 10`,
          'still arriving': `and on (topic, group) ${perGroup(DEAD, d('5m'))} > 0`,
        },
        for: d('5m'),
        summary:
          '{{ $value | humanizePercentage }} of what {{ $labels.group }} reads of {{ $labels.topic }} are dead letters',
        dashboard: 'reelstream-quality',
      },
      {
        alert: 'DeadLettersPresent',
        severity: 'ticket',
        condition: `sum by (topic, group, reason) (increase(${DEAD}[${d('1h')}])) >= 1`,
        for: d('5m'),
        summary:
          '{{ $value | humanize }} events of {{ $labels.topic }} became dead letters within an hour: {{ $labels.reason }}',
        dashboard: 'reelstream-quality',
      },
      {
        alert: 'DuplicateRatioHigh',
        severity: 'ticket',
        condition: 'topic:reelstream_duplicates:ratio15m > 0.05',
        guards: {
          'still arriving': 'and topic:reelstream_duplicates:ratio5m > 0.05',
          'more than a few': `and on (topic, group) ${perGroup(DUPLICATES, d('15m'))} >= 50`,
        },
        for: d('10m'),
        summary:
          '{{ $value | humanizePercentage }} of {{ $labels.topic }} are duplicates, for longer than a restart explains',
        dashboard: 'reelstream-quality',
      },
    ],
  };
}
