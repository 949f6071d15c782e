import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DELAY_SECONDS } from '../../core/metrics/spec.ts';
import { rulesPage } from '../../dashboards/docs/rules-page.ts';
import { knownSeries } from '../../dashboards/known-series.ts';
import { readPromql } from '../../dashboards/promql.ts';
import { PROFILES, windowsOf } from '../../dashboards/rules/profile.ts';
import { expressionOf } from '../../dashboards/rules/rule.ts';
import { ruleFile } from '../../dashboards/rules/rule-file.ts';
import { ruleGroups } from '../../dashboards/rules/rule-list.ts';
import { projectRoot } from '../../runtime/environment.ts';

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8');

describe('alert rules', () => {
  it.each(Object.values(PROFILES))('of $name are what is committed: npm run generate', (profile) => {
    expect(parse(read(`dashboards/generated/rules/${profile.name}.yml`))).toEqual(ruleFile(profile));
  });

  it('are what docs/alerts.md shows: npm run generate', () => {
    expect(read('docs/alerts.md')).toBe(rulesPage());
  });

  it('are the same in every profile but for their windows and numbers', () => {
    const shapeOf = (profile: keyof typeof PROFILES) =>
      ruleGroups(PROFILES[profile])
        .flatMap(({ rules }) => rules.map(expressionOf))
        .map((text) => text.replace(/\b\d[\w.]*/g, 'N').replace(/rateN\w*/g, 'rate'));
    expect(shapeOf('demo')).toEqual(shapeOf('production'));
  });

  it.each(Object.values(PROFILES))('of $name ask the delay histogram for a bound it has', (profile) => {
    expect(DELAY_SECONDS).toContain(profile.freshnessSeconds);
    // a window holds four scrapes at least
    expect(windowsOf(profile).s('5m')).toBeGreaterThanOrEqual(4 * profile.scrapeIntervalSeconds);
  });

  it('read series and labels that exist, and parse', () => {
    const groups = ruleGroups(PROFILES.production);
    const known = knownSeries(groups);
    for (const rule of groups.flatMap(({ rules }) => rules)) {
      const { brokenAt, series, groupedBy } = readPromql(expressionOf(rule));
      expect(brokenAt, expressionOf(rule)).toBeNull();
      for (const { metric, labels } of series) {
        expect(known.has(metric), metric).toBe(true);
        const own = known.get(metric);
        expect(
          labels.filter((label) => own && !own.has(label)),
          metric,
        ).toEqual([]);
      }
      // a recorded series has whatever labels its rule left it
      if (series.some(({ metric }) => known.get(metric) === null)) continue;
      const exist = new Set(series.flatMap(({ metric }) => [...(known.get(metric) ?? [])]));
      const made = [...expressionOf(rule).matchAll(/label_replace\([^"]*"(\w+)"/g)].map(([, label]) => label);
      expect(groupedBy.filter((label) => !exist.has(label) && !made.includes(label))).toEqual([]);
    }
  });

  it('have guards that begin with and or unless: left out, the rest still reads', () => {
    const guards = ruleGroups(PROFILES.production).flatMap(({ rules }) =>
      rules.flatMap((rule) => Object.values(rule.guards ?? {})),
    );
    expect(guards.filter((guard) => !/^(and|unless) /.test(guard))).toEqual([]);
  });
});
