import { describe, expect, it } from 'vitest';
import { recordedLevels } from '../../../../cli/drill/history/recorded-levels.ts';
import { PROFILES } from '../../../../dashboards/rules/profile.ts';
import { expressionOf, isAlert, type RuleGroup } from '../../../../dashboards/rules/rule.ts';
import { ruleGroups } from '../../../../dashboards/rules/rule-list.ts';

const groups = ruleGroups(PROFILES.production);
const levels = recordedLevels(groups);
const reads = (text: string, name: string) => new RegExp(`(?<![\\w:])${name}(?![\\w:])`).test(text);

describe('recorded series of a past', () => {
  it('read nothing of their own level or of a later one', () => {
    for (const [i, level] of levels.entries()) {
      const notYet = levels.slice(i).flatMap((later) => later.map(({ record }) => record));
      for (const rule of level) {
        expect(
          notYet.filter((name) => reads(expressionOf(rule), name)),
          rule.record,
        ).toEqual([]);
      }
    }
  });

  it('are all that an alert reads', () => {
    const made = new Set(levels.flat().map(({ record }) => record));
    const rules = groups.flatMap(({ rules: all }) => all);
    const recorded = rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.record]));
    for (const alert of rules.filter(isAlert)) {
      const read = recorded.filter((name) => reads(expressionOf(alert), name));
      expect(
        read.filter((name) => !made.has(name)),
        alert.alert,
      ).toEqual([]);
    }
    expect(made).toContain('stage:reelstream_events:rate5m_trained');
  });

  it('that wait for each other are refused', () => {
    const circle: RuleGroup[] = [
      {
        name: 'g',
        rules: [
          { record: 'a:b', condition: 'c:d', why: '' },
          { record: 'c:d', condition: 'a:b', why: '' },
          { alert: 'X', severity: 'page', condition: 'a:b > 1', summary: '' },
        ],
      },
    ];
    expect(() => recordedLevels(circle)).toThrow('wait for each other');
  });
});
