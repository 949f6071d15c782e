import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DRILLS } from '../../../cli/drill/cases.ts';
import { judgeDrill, stillFiring } from '../../../cli/drill/judge.ts';
import type { Told } from '../../../cli/drill/receiver.ts';
import { PROFILES } from '../../../dashboards/rules/profile.ts';
import { ruleFile } from '../../../dashboards/rules/rule-file.ts';
import { projectRoot } from '../../../runtime/environment.ts';

const CASE = {
  expected: [{ alert: 'ConsumerPartitionStuck', labels: { partition: '2' } }],
  aftermath: { FreshnessBudgetFastBurn: 'late events are late' },
};
const TIMES = { causedAtMs: 10_000, undoneAtMs: 40_000 };
const told = (
  atMs: number,
  alert: string,
  status: Told['status'] = 'firing',
  labels: Told['labels'] = {},
): Told => ({ atMs, alert, status, labels: { alertname: alert, ...labels }, summary: `${alert} is on` });
const stuck = (atMs: number, status: Told['status'] = 'firing') =>
  told(atMs, 'ConsumerPartitionStuck', status, { partition: '2' });
const AS_EXPECTED = [stuck(27_000), stuck(46_500, 'resolved')];

describe('a drill', () => {
  it('is passed when exactly what was expected was told, and told to be over', () => {
    expect(judgeDrill(CASE, AS_EXPECTED, TIMES)).toEqual({
      toldAfterSeconds: [17],
      resolvedAfterSeconds: 6.5,
      aftermath: [],
      deviations: [],
    });
  });

  it('fails when the alert does not come, as with its rule taken out', () => {
    expect(judgeDrill(CASE, [], TIMES)).toMatchObject({
      toldAfterSeconds: [null],
      deviations: ['ConsumerPartitionStuck (partition=2) was not told'],
    });
    const elsewhere = [told(20_000, 'ConsumerPartitionStuck', 'firing', { partition: '1' })];
    expect(judgeDrill(CASE, elsewhere, TIMES).deviations).toContain(
      'ConsumerPartitionStuck (partition=2) was not told',
    );
  });

  it('fails when another one is told as well', () => {
    const more = [...AS_EXPECTED, told(30_000, 'CanaryLate'), told(50_000, 'CanaryLate', 'resolved')];
    expect(judgeDrill(CASE, more, TIMES).deviations).toEqual([
      'CanaryLate was told: CanaryLate is on (20 s after the fault, which lasted 30 s)',
    ]);
  });

  it('lets an aftermath pass once the fault is over, not before', () => {
    const late = (atMs: number) => [
      ...AS_EXPECTED,
      told(atMs, 'FreshnessBudgetFastBurn'),
      told(70_000, 'FreshnessBudgetFastBurn', 'resolved'),
    ];
    expect(judgeDrill(CASE, late(41_000), TIMES)).toMatchObject({
      aftermath: ['FreshnessBudgetFastBurn'],
      deviations: [],
    });
    expect(judgeDrill(CASE, late(39_000), TIMES).deviations).toHaveLength(1);
  });

  it('fails when something is not told to be over', () => {
    expect(judgeDrill(CASE, [stuck(27_000)], TIMES)).toMatchObject({
      resolvedAfterSeconds: null,
      deviations: ['ConsumerPartitionStuck was not told to be over'],
    });
  });

  it('does not look at what was told before the fault', () => {
    const before = [told(1_000, 'CanaryLate'), told(2_000, 'CanaryLate', 'resolved')];
    expect(judgeDrill(CASE, [...before, ...AS_EXPECTED], TIMES).deviations).toEqual([]);
  });

  it('takes the last word about each alert, by all its labels', () => {
    const words = fc.array(
      fc.record({
        status: fc.constantFrom<Told['status'][]>('firing', 'resolved'),
        partition: fc.constantFrom('0', '1', '2'),
      }),
    );
    fc.assert(
      fc.property(words, (heard) => {
        const all = heard.map(({ status, partition }, i) => told(i, 'X', status, { partition }));
        const open = ['0', '1', '2'].filter(
          (partition) => heard.findLast((one) => one.partition === partition)?.status === 'firing',
        );
        expect(
          stillFiring(all)
            .map(({ labels }) => labels.partition)
            .sort(),
        ).toEqual(open);
      }),
    );
  });
});

describe('the drills there are', () => {
  const alerts = ruleFile(PROFILES.demo).groups.flatMap(({ rules }) =>
    rules.flatMap((rule) => ('alert' in rule ? [String(rule.alert)] : [])),
  );

  it.each(DRILLS)('$name names alerts that exist and have a runbook', ({ expected, aftermath }) => {
    for (const alert of [...expected.map((one) => one.alert), ...Object.keys(aftermath)]) {
      expect(alerts).toContain(alert);
      expect(existsSync(join(projectRoot, 'docs/runbook', `${alert}.md`)), alert).toBe(true);
    }
  });

  it('differ in name and in what they expect', () => {
    expect(new Set(DRILLS.map(({ name }) => name)).size).toBe(DRILLS.length);
    expect(new Set(DRILLS.map(({ expected }) => JSON.stringify(expected))).size).toBe(DRILLS.length);
  });
});
