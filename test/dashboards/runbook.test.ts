import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { knownSeries } from '../../dashboards/known-series.ts';
import { readPromql } from '../../dashboards/promql.ts';
import { PROFILES } from '../../dashboards/rules/profile.ts';
import { ruleFile, runbookOf } from '../../dashboards/rules/rule-file.ts';
import { alertRules, ruleGroups } from '../../dashboards/rules/rule-list.ts';
import { projectRoot } from '../../runtime/environment.ts';

const SECTIONS = ['What it means', 'What users notice', 'How to confirm', 'What to do', 'How it ends'];
const FOLDER = 'docs/runbook';
const names = [...new Set(alertRules(PROFILES.production).map(({ alert }) => alert))];
const textOf = (name: string) => readFileSync(join(projectRoot, runbookOf(name)), 'utf8');
const known = knownSeries(ruleGroups(PROFILES.production));

it('every page is about an alert', () => {
  const pages = readdirSync(join(projectRoot, FOLDER)).map((file) => `${FOLDER}/${file}`);
  expect(pages.sort()).toEqual(names.map(runbookOf).sort());
});

it('every alert of the rule files links to a page that exists', () => {
  const linked = Object.values(PROFILES)
    .flatMap((profile) => ruleFile(profile).groups.flatMap(({ rules }) => rules))
    .flatMap((rule) => ('annotations' in rule ? [(rule.annotations as { runbook: string }).runbook] : []));
  expect(linked.length).toBeGreaterThan(50);
  expect(linked.filter((page) => !existsSync(join(projectRoot, page)))).toEqual([]);
});

describe.each(names)('the page on %s', (name) => {
  const text = textOf(name);

  it('says what is asked of it, in this order', () => {
    expect(text.split('\n')[0]).toBe(`# ${name}`);
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual(SECTIONS);
    for (const section of text.split(/^## .*$/m).slice(1)) expect(section.trim()).not.toBe('');
  });

  it('asks Prometheus for what exists', () => {
    const blocks = [...text.matchAll(/^```promql\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);
    const queries = blocks.flatMap((block) => block.trim().split('\n'));
    for (const query of queries) {
      const { brokenAt, series } = readPromql(query);
      expect(brokenAt, query).toBeNull();
      expect(series.filter(({ metric }) => metric !== '' && !known.has(metric))).toEqual([]);
    }
    const named = [...text.matchAll(/`(reelstream_\w+)`/g)].map(([, metric]) => metric!);
    const exists = (metric: string) => known.has(metric) || known.has(`${metric}_bucket`);
    expect(named.filter((metric) => !exists(metric))).toEqual([]);
  });

  it('names commands and pages that exist', () => {
    const commands = [...text.matchAll(/npx reelstream ([a-z][\w-]*)/g)].map(([, command]) => command!);
    expect(commands.filter((command) => !COMMANDS.some((known) => known.name === command))).toEqual([]);
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => join(FOLDER, target!));
    expect(links.filter((page) => !existsSync(join(projectRoot, page)))).toEqual([]);
  });
});
