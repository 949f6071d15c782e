import { describe, expect, it } from 'vitest';
import { PROFILES } from '../../dashboards/rules/profile.ts';
import { isAlert } from '../../dashboards/rules/rule.ts';
import { ruleFile } from '../../dashboards/rules/rule-file.ts';
import { MUTANTS } from './mutants.ts';
import {
  affectedPart,
  describeMutant,
  type Mutant,
  mutate,
  nameOf,
  productionGroups,
  restrictedTo,
} from './mutation.ts';
import { play } from './promtool.ts';
import { isFull, sampleOf } from './sample.ts';
import { SCENARIOS } from './scenarios/index.ts';

const rules = productionGroups.flatMap((group) => group.rules);
const scenarios = new Map(SCENARIOS.map((scenario) => [scenario.name, scenario]));
const fast = MUTANTS.filter(({ killedBy }) => !scenarios.get(killedBy)?.slow);
const tried = isFull ? MUTANTS : sampleOf(fast, 5);

describe('mutants', () => {
  it('leave out every guard of every rule', () => {
    const guards = rules.flatMap((rule) =>
      Object.keys(rule.guards ?? {}).map((one) => `${nameOf(rule)}: ${one}`),
    );
    const left = MUTANTS.map(({ rule, fault }) =>
      'withoutGuard' in fault ? `${rule}: ${fault.withoutGuard}` : '',
    );
    expect(guards.filter((one) => !left.includes(one))).toEqual([]);
  });

  it('leave out the waiting of every alert that waits', () => {
    const waiting = rules.filter(isAlert).filter((rule) => rule.for);
    const hasty = new Set(MUTANTS.flatMap(({ rule, fault }) => ('withoutWaiting' in fault ? [rule] : [])));
    expect(waiting.map(({ alert }) => alert).filter((alert) => !hasty.has(alert))).toEqual([]);
  });

  it('name scenarios that exist', () => {
    expect(MUTANTS.filter(({ killedBy }) => !scenarios.has(killedBy))).toEqual([]);
  });

  it('exist: each changes its rule', () => {
    for (const mutant of MUTANTS) mutate(productionGroups, mutant);
    const nothing: Mutant = { rule: 'PipelineStalled', fault: { withoutGuard: 'x' }, killedBy: '' };
    expect(() => mutate(productionGroups, nothing)).toThrow(/nothing of/);
  });

  it.concurrent.each(tried.map((mutant) => ({ name: describeMutant(mutant), mutant })))(
    '$name',
    async ({ mutant }) => {
      const part = affectedPart(productionGroups, mutant.rule);
      const scenario = restrictedTo(part, scenarios.get(mutant.killedBy)!);
      const on = (groups: typeof part) => play({ scenario, rules: ruleFile(PROFILES.production, groups) });
      expect(await on(part)).toBeNull();
      // what promtool says when a series is not as expected, and not that the rule is broken
      expect(await on(mutate(part, mutant))).toContain('got:');
    },
  );
});
