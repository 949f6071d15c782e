import { PROFILES } from '../../dashboards/rules/profile.ts';
import {
  type AlertRule,
  expressionOf,
  isAlert,
  type Rule,
  type RuleGroup,
} from '../../dashboards/rules/rule.ts';
import { ruleGroups } from '../../dashboards/rules/rule-list.ts';
import type { Scenario } from './scenario.ts';

/** One thing made wrong on purpose. */
export interface Mutant {
  /** name of the alert, or of the recorded series */
  readonly rule: string;
  /** what is wrong: a guard left out, no waiting, or a text of the expression replaced */
  readonly fault:
    | { readonly withoutGuard: string }
    | { readonly withoutWaiting: true }
    | { readonly replace: string; readonly by: string };
  /** name of the scenario that notices */
  readonly killedBy: string;
}

export const nameOf = (rule: Rule): string => (isAlert(rule) ? rule.alert : rule.record);

export function describeMutant({ rule, fault }: Mutant): string {
  if ('withoutGuard' in fault) return `${rule} without "${fault.withoutGuard}"`;
  if ('withoutWaiting' in fault) return `${rule} without waiting`;
  return `${rule} with ${fault.by || 'nothing'} for ${fault.replace}`;
}

/** @throws when the fault changes nothing: a mutant that does not exist proves nothing */
export function mutate(groups: readonly RuleGroup[], { rule: name, fault }: Mutant): RuleGroup[] {
  let changed = 0;
  const result = groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => {
      if (nameOf(rule) !== name) return rule;
      const mutant = faulty(rule, fault);
      if (JSON.stringify(mutant) !== JSON.stringify(rule)) changed += 1;
      return mutant;
    }),
  }));
  if (changed === 0) throw new Error(`${name} has nothing of ${JSON.stringify(fault)}`);
  return result;
}

function faulty(rule: Rule, fault: Mutant['fault']): Rule {
  if ('withoutGuard' in fault) {
    const { [fault.withoutGuard]: _, ...guards } = rule.guards ?? {};
    return { ...rule, guards };
  }
  if ('withoutWaiting' in fault) {
    const { for: _, ...rest } = rule as AlertRule;
    return rest;
  }
  return {
    ...rule,
    condition: expressionOf(rule).replaceAll(fault.replace, fault.by),
    guards: {},
  };
}

/**
 * The rules a mutant can change something in: the alerts that read the rule, and what those read. A tenth of all rules, in a
 * tenth of the time; the same part without the fault must pass.
 */
export function affectedPart(groups: readonly RuleGroup[], rule: string): RuleGroup[] {
  const all = groups.flatMap(({ rules }) => rules);
  const alerts = all.filter(isAlert).filter((one) => closure(all, one.alert).has(rule));
  const kept = new Set(alerts.flatMap(({ alert }) => [...closure(all, alert)]));
  return groups
    .map((group) => ({ ...group, rules: group.rules.filter((one) => kept.has(nameOf(one))) }))
    .filter(({ rules }) => rules.length > 0);
}

function closure(all: readonly Rule[], start: string): Set<string> {
  const names = new Set(all.map(nameOf));
  const seen = new Set<string>();
  const visit = (name: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const rule of all.filter((one) => nameOf(one) === name)) {
      const read = expressionOf(rule).match(/[a-zA-Z_][\w:]*/g) ?? [];
      for (const other of read.filter((word) => names.has(word))) visit(other);
    }
  };
  visit(start);
  return seen;
}

/** The scenario as far as these rules go. */
export function restrictedTo(groups: readonly RuleGroup[], scenario: Scenario): Scenario {
  const alerts = new Set(groups.flatMap(({ rules }) => rules.map(nameOf)));
  const fires = Object.entries(scenario.fires).filter(([alert]) => alerts.has(alert));
  return { ...scenario, fires: Object.fromEntries(fires) };
}

export const productionGroups: readonly RuleGroup[] = ruleGroups(PROFILES.production);
