import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DRILLS } from '../../../../cli/drill/cases.ts';
import { HISTORY_DRILLS } from '../../../../cli/drill/history/cases.ts';
import { PROFILES } from '../../../../dashboards/rules/profile.ts';
import { expressionOf, isAlert, type Rule } from '../../../../dashboards/rules/rule.ts';
import { ruleGroups } from '../../../../dashboards/rules/rule-list.ts';
import { projectRoot } from '../../../../runtime/environment.ts';

const rules = ruleGroups(PROFILES.production).flatMap((group) => group.rules);
const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Seconds of the longest range or offset that an expression looks back. */
function longestLook(rule: Rule): number {
  const spans = expressionOf(rule).matchAll(/(?:\[|offset )(\d+)([smhd])/g);
  return Math.max(0, ...[...spans].map(([, n, unit]) => Number(n) * SECONDS[unit as keyof typeof SECONDS]));
}

function read(rule: Rule): Rule[] {
  const text = expressionOf(rule);
  const direct = rules.filter((one) => !isAlert(one) && text.includes(one.record) && one !== rule);
  return [rule, ...direct.flatMap(read)];
}

describe('drills on history', () => {
  it('are there for every alert that looks back for more than an hour', () => {
    const far = rules
      .filter(isAlert)
      // closed days are looked back at by the reconciler, not by PromQL
      .filter(
        (rule) =>
          Math.max(...read(rule).map(longestLook)) > 3_600 ||
          /_period_rows|_period_bytes/.test(expressionOf(rule)),
      )
      .map(({ alert }) => alert);
    const drilled = new Set(HISTORY_DRILLS.flatMap(({ expected }) => expected.map(({ alert }) => alert)));
    expect([...new Set(far)].sort()).toEqual([...drilled].sort());
  });

  it.each(HISTORY_DRILLS)(
    '$name names alerts with a runbook, and moments in their order',
    ({ expected, moments }) => {
      for (const { alert } of expected) {
        expect(existsSync(join(projectRoot, 'docs/runbook', `${alert}.md`)), alert).toBe(true);
      }
      expect(moments.silent).toBeLessThan(moments.told);
      expect(moments.told).toBeLessThan(moments.over);
    },
  );

  it.each(HISTORY_DRILLS)('$name is given a past that reaches its moments, the oldest first', ({ past }) => {
    const minutes = past.spans.flat();
    expect(minutes).toEqual([...minutes].sort((a, b) => b - a));
    expect(minutes.at(-1)).toBe(0);
  });

  it('have names of their own', () => {
    const names = [...DRILLS, ...HISTORY_DRILLS].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
