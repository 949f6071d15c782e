import { type AlertRule, expressionOf } from '../../../dashboards/rules/rule.ts';
import type { PrometheusQuestions, RangeSeries } from '../prometheus.ts';
import { sampleName } from './story-series.ts';

/** How often rules are evaluated in production. */
const STEP_SECONDS = 30;
/** Longer than any alert waits. */
const LOOK_BACK_SECONDS = 3_600;

/**
 * How long each alert has been true without a break at the end of the past, as Prometheus writes it down while it runs and reads
 * it back after a restart (`ALERTS_FOR_STATE`): found by asking for the shipped expression every 30 s. OpenMetrics text; null
 * when none waits.
 */
export async function waitingAlertsText(
  alerts: readonly AlertRule[],
  endSeconds: number,
  ask: PrometheusQuestions['range'],
): Promise<string | null> {
  const lines: string[] = [];
  const range = { startSeconds: endSeconds - LOOK_BACK_SECONDS, endSeconds, stepSeconds: STEP_SECONDS };
  for (const rule of alerts.filter((one) => one.for !== undefined)) {
    for (const series of await ask(expressionOf(rule), range)) {
      const since = trueSince(series, endSeconds);
      if (since === null) continue;
      const { __name__, ...labels } = series.metric;
      const own = { ...labels, ...severityOf(rule), alertname: rule.alert };
      lines.push(`${sampleName('ALERTS_FOR_STATE', own)} ${since} ${endSeconds}\n`);
    }
  }
  if (lines.length === 0) return null;
  return `# TYPE ALERTS_FOR_STATE gauge\n${lines.join('')}# EOF\n`;
}

/** Start of the unbroken run that reaches the end; null when it is not true then. */
export function trueSince({ values }: RangeSeries, endSeconds: number): number | null {
  const times = values.map(([seconds]) => seconds);
  if (times.at(-1) !== endSeconds) return null;
  let i = times.length - 1;
  while (i > 0 && times[i]! - times[i - 1]! <= STEP_SECONDS) i -= 1;
  return times[i]!;
}

function severityOf({ severity }: AlertRule): Record<string, string> {
  return severity === 'of the series' ? {} : { severity };
}
