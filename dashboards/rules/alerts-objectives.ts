import type { Span, Windows } from './profile.ts';
import type { AlertRule, RuleGroup } from './rule.ts';

/** 99.5 % of API calls succeed; 99 % of events are durable in time. */
const API_BUDGET = 0.005;
const FRESHNESS_BUDGET = 0.01;
/** Burn rates after the SRE workbook, "Alerting on SLOs": a month's budget in two days, or in five. */
const FAST = 14.4;
const SLOW = 6;
const share = (burn: number, budget: number) => Number((burn * budget).toPrecision(6));

/** Is the error budget spent too fast. A floor of failures keeps one bad call at night from paging. */
export function objectiveAlerts({ d, profile }: Windows): RuleGroup {
  const errors = (window: Span) => `slo:reelstream_api_errors:ratio_rate${window}`;
  const late = (window: Span) => `slo:reelstream_freshness_late:ratio_rate${window}`;
  const api = (
    alert: string,
    severity: AlertRule['severity'],
    burn: number,
    long: Span,
    short: Span,
  ): AlertRule => ({
    alert,
    severity,
    condition: `${errors(long)} > ${share(burn, API_BUDGET)}`,
    guards: {
      'still failing': `and ${errors(short)} > ${share(burn, API_BUDGET)}`,
      'more than a few': `and on () sum(increase(reelstream_api_requests_total{code=~"5.."}[${d(long)}])) >= 10`,
    },
    summary: `{{ $value | humanizePercentage }} of API calls failed, ${burn} times what the objective allows`,
    dashboard: 'reelstream-recommender',
  });
  return {
    name: 'reelstream_objective_alerts',
    rules: [
      api('ApiErrorBudgetFastBurn', 'page', FAST, '1h', '5m'),
      api('ApiErrorBudgetSlowBurn', 'ticket', SLOW, '6h', '30m'),
      {
        alert: 'FreshnessBudgetFastBurn',
        severity: 'page',
        condition: `${late('1h')} > ${share(FAST, FRESHNESS_BUDGET)}`,
        guards: {
          'still late': `and ${late('5m')} > ${share(FAST, FRESHNESS_BUDGET)}`,
          'more than a few': `and ${late('1h')} * on (topic, group) sum by (topic, group) (increase(reelstream_consumer_event_delay_seconds_count[${d('1h')}])) >= 10`,
        },
        for: d('2m'),
        summary: `{{ $value | humanizePercentage }} of {{ $labels.topic }} took {{ $labels.group }} longer than ${profile.freshnessSeconds} s`,
        dashboard: 'reelstream-overview',
      },
    ],
  };
}
