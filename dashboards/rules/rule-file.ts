import type { Profile } from './profile.ts';
import { type AlertRule, expressionOf, isAlert, type RecordingRule, type RuleGroup } from './rule.ts';
import { ruleGroups } from './rule-list.ts';

/** A rule file as Prometheus reads it, ready for a YAML writer. */
export interface RuleFile {
  readonly groups: readonly { name: string; interval: string; rules: readonly object[] }[];
}

export function ruleFile(profile: Profile, groups: readonly RuleGroup[] = ruleGroups(profile)): RuleFile {
  return {
    groups: groups.map(({ name, rules }) => ({
      name,
      interval: `${Math.max(1, 30 / profile.faster)}s`,
      rules: rules.map((rule) => (isAlert(rule) ? alert(rule) : recording(rule))),
    })),
  };
}

/** Repository path of the page on an alert. */
export const runbookOf = (alertName: string): string => `docs/runbook/${alertName}.md`;

function recording(rule: RecordingRule): object {
  const { record, labels } = rule;
  return { record, expr: expressionOf(rule), ...(labels ? { labels } : {}) };
}

function alert(rule: AlertRule): object {
  return {
    alert: rule.alert,
    expr: expressionOf(rule),
    ...(rule.for ? { for: rule.for } : {}),
    ...(rule.keepFiringFor ? { keep_firing_for: rule.keepFiringFor } : {}),
    ...(rule.severity === 'of the series' ? {} : { labels: { severity: rule.severity } }),
    annotations: {
      summary: rule.summary,
      runbook: runbookOf(rule.alert),
      ...(rule.dashboard ? { dashboard: rule.dashboard } : {}),
    },
  };
}
