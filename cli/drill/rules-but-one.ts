import { ReelstreamError } from '../../core/errors.ts';
import type { Profile } from '../../dashboards/rules/profile.ts';
import { isAlert, type RuleGroup } from '../../dashboards/rules/rule.ts';
import { ruleGroups } from '../../dashboards/rules/rule-list.ts';

/**
 * The rules of a profile, without one alert if one is named.
 * @throws ReelstreamError `usage` when there is no such alert
 */
export function rulesWithout(profile: Profile, alert: string | null): RuleGroup[] {
  const groups = ruleGroups(profile);
  if (alert === null) return groups;
  if (!groups.some(({ rules }) => rules.some((rule) => isAlert(rule) && rule.alert === alert))) {
    throw new ReelstreamError('usage', `--without: no alert is called ${alert}`);
  }
  return groups.map((group) => ({
    ...group,
    rules: group.rules.filter((rule) => !isAlert(rule) || rule.alert !== alert),
  }));
}
