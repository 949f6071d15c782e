import { lagAlerts } from './alerts-lag.ts';
import { metaAlerts } from './alerts-meta.ts';
import { objectiveAlerts } from './alerts-objectives.ts';
import { qualityAlerts } from './alerts-quality.ts';
import { recommenderAlerts } from './alerts-recommender.ts';
import { reconciliationAlerts } from './alerts-reconciliation.ts';
import { throughputAlerts } from './alerts-throughput.ts';
import { baseline } from './baseline.ts';
import { lag, quality } from './lag-and-quality.ts';
import { model, objectives } from './model-and-objectives.ts';
import { type Profile, windowsOf } from './profile.ts';
import { type AlertRule, isAlert, type RuleGroup } from './rule.ts';
import { stageRates } from './stage-rates.ts';

/** Every rule, in the order in which it must be evaluated: alerts read recorded series. */
export function ruleGroups(profile: Profile): RuleGroup[] {
  const windows = windowsOf(profile);
  return [
    stageRates,
    baseline,
    lag,
    quality,
    model,
    objectives,
    metaAlerts,
    throughputAlerts,
    lagAlerts,
    reconciliationAlerts,
    qualityAlerts,
    recommenderAlerts,
    objectiveAlerts,
  ].map((group) => group(windows));
}

export function alertRules(profile: Profile): AlertRule[] {
  return ruleGroups(profile)
    .flatMap(({ rules }) => rules)
    .filter(isAlert);
}
