import type { Windows } from './profile.ts';
import type { RuleGroup } from './rule.ts';

const EXPECTED = 'table:reelstream_recon_rows:expected';
const R = 'reelstream_recon';
const BY_PERIOD = 'on (table, period)';

/** Does the sink hold what the source sent, and as much as before. Thresholds are series: one rule serves every table. */
export function reconciliationAlerts({ d }: Windows): RuleGroup {
  return {
    name: 'reelstream_reconciliation_alerts',
    rules: [
      {
        record: EXPECTED,
        condition: `
          min without (basis) (
            label_replace(${R}_previous_period_rows, "basis", "previous", "", "")
            or label_replace(${R}_last_week_period_rows, "basis", "last week", "", "")
          )`,
        why: 'the smaller of the period before and the one a week ago, whichever exist: weekends are no dip',
      },
      {
        alert: 'TableRowCountDip',
        severity: 'ticket',
        condition: `${R}_period_rows < ${BY_PERIOD} (${R}_dip_threshold_ratio * ${BY_PERIOD} ${EXPECTED})`,
        guards: {
          'enough rows to judge': `and ${BY_PERIOD} ${EXPECTED} >= ${BY_PERIOD} ${R}_min_rows`,
        },
        for: d('1m'),
        summary:
          '{{ $labels.table }} got {{ $value | humanize }} rows in the last closed {{ $labels.period }}, below its share of what was expected',
        dashboard: 'reelstream-quality',
      },
      {
        alert: 'TableRowsThin',
        severity: 'ticket',
        condition: `${R}_period_bytes / ${R}_period_rows < 0.5 * (${R}_previous_period_bytes / ${R}_previous_period_rows)`,
        guards: {
          'enough rows before': `and ${BY_PERIOD} ${R}_previous_period_rows >= 100`,
          'enough rows now': `and ${BY_PERIOD} ${R}_period_rows >= 100`,
        },
        for: d('1m'),
        summary:
          '{{ $labels.table }}: a row of the last closed {{ $labels.period }} has {{ $value | humanize }} bytes, less than half of before: fields may be empty',
        dashboard: 'reelstream-quality',
      },
      {
        alert: 'SourceSinkMismatch',
        severity: 'page',
        condition: `abs(${R}_source_events - ${R}_sink_events) > ${R}_tolerance_ratio * ${R}_source_events`,
        for: d('2m'),
        summary:
          '{{ $labels.topic }} and {{ $labels.table }} differ by {{ $value | humanize }} events over the same offsets',
        dashboard: 'reelstream-quality',
      },
      {
        alert: 'ReconciliationCheckFailed',
        severity: 'of the series',
        condition: `${R}_check_passed == 0`,
        for: d('1m'),
        summary: 'The check {{ $labels.check }} ({{ $labels.operator }}) failed',
        dashboard: 'reelstream-quality',
      },
      {
        alert: 'ReconciliationStale',
        severity: 'ticket',
        condition: `time() - ${R}_last_success_timestamp_seconds > 3 * ${R}_interval_seconds`,
        for: d('1m'),
        summary:
          'The reconciler last finished {{ $value | humanizeDuration }} ago: what it shows is old and its alerts sleep',
        dashboard: 'reelstream-quality',
      },
    ],
  };
}
