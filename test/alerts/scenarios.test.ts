import { describe, expect, it } from 'vitest';
import { PROFILES } from '../../dashboards/rules/profile.ts';
import { alertRules } from '../../dashboards/rules/rule-list.ts';
import { play } from './promtool.ts';
import { isFull, sampleOf } from './sample.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios/index.ts';

const alerts = alertRules(PROFILES.production).filter(({ severity }) => severity !== 'heartbeat');
const names = new Set(alerts.map(({ alert }) => alert));
const firing = (alert: string) => SCENARIOS.filter(({ fires }) => alert in fires);

/** The cheapest scenario in which each alert fires, and some in which none does: the whole set takes minutes. */
function sample(): readonly Scenario[] {
  if (isFull) return SCENARIOS;
  const short = SCENARIOS.filter(({ minutes }) => minutes <= 150);
  const loud = [...names].map((alert) => firing(alert).sort((a, b) => a.minutes - b.minutes)[0]!);
  const quiet = short.filter(({ fires }) => Object.keys(fires).length === 0);
  return [...new Set([...loud, ...sampleOf(quiet, 10)])];
}

describe('scenarios', () => {
  it('are a hundred at least, each with a name of its own', () => {
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
    expect(SCENARIOS.length).toBeGreaterThanOrEqual(100);
  });

  it.each([...names])('%s fires in one', (alert) => {
    expect(firing(alert).length).toBeGreaterThan(0);
  });

  it('expect alerts that exist', () => {
    const expected = new Set(SCENARIOS.flatMap(({ fires }) => Object.keys(fires)));
    expect([...expected].filter((name) => !names.has(name))).toEqual([]);
  });

  it.concurrent.each(sample())('$name', async (scenario) => {
    expect(await play({ scenario })).toBeNull();
  });
});

describe('the demo profile', () => {
  // the same minutes take a second each: what fires in production fires here
  const shown = sampleOf(
    ['the sink hangs', 'the rate falls to 35 %', 'one bad reading', 'the reconciler hangs'],
    2,
  );
  it.concurrent.each(SCENARIOS.filter(({ name }) => shown.includes(name)))('$name', async (scenario) => {
    expect(await play({ scenario, profile: PROFILES.demo })).toBeNull();
  });
});

it('a scenario that expects another alert fails', async () => {
  const quiet = SCENARIOS.find(({ name }) => name === 'a check fails once')!;
  const wrong = { ...quiet, fires: { ReconciliationCheckFailed: { by: 33 } } };
  expect(await play({ scenario: wrong })).toContain('ReconciliationCheckFailed');
});
