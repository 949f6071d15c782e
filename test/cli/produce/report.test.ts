import { describe, expect, it } from 'vitest';
import { refuseShortfall, reportPageOf, summarize } from '../../../cli/produce/report.ts';
import { createRunTotals } from '../../../producer/measure/run-totals.ts';
import type { LoadReport } from '../../../producer/run/load-run.ts';
import { planOf } from './plans.ts';

const reportOf = (plannedMs: number, tookMs: number, changes: Partial<LoadReport> = {}): LoadReport => ({
  generated: 100,
  acknowledged: 100,
  failed: 0,
  keptBack: 0,
  inFlight: 0,
  overloaded: 0,
  records: 100,
  recordsAcknowledged: 100,
  recordsFailed: 0,
  bytes: 4_200,
  stoppedBy: 'limit',
  elapsedMs: tookMs,
  measured: { due: 100, acknowledged: 100, plannedMs, ms: tookMs },
  flushMs: 0,
  missed: 0,
  blockedMs: 0,
  first: 0,
  next: 100,
  byLabel: {},
  error: null,
  ...changes,
});
const summaryOf = async (report: LoadReport, options: readonly string[] = []) => {
  const plan = await planOf([...options]);
  return { plan, summary: summarize(plan, 'ratings', report, createRunTotals(1)) };
};

describe('a run that fell short', () => {
  it.each([
    ['took longer than planned', reportOf(1_000, 1_120), true],
    ['was stopped on purpose', reportOf(1_000, 1_100, { stoppedBy: 'signal' }), false],
    ['took some ticks longer', reportOf(5, 12), false],
    [
      'left events out',
      reportOf(5, 12, { measured: { due: 200, acknowledged: 100, plannedMs: 5, ms: 5 } }),
      true,
    ],
    ['is as long as planned', reportOf(1_000, 1_040), false],
  ])('ends with 1 or not when it %s', async (_, report, isShort) => {
    const { summary } = await summaryOf(report);
    const judge = () => refuseShortfall(summary, report, 95);
    if (isShort) expect(judge).toThrow(/ % of the target was achieved, less than the 95 %/);
    else expect(judge).not.toThrow();
  });

  it('ends with 1 for what Kafka did not take, however short it was', async () => {
    const report = reportOf(5, 12, { failed: 3 });
    const { summary } = await summaryOf(report);
    expect(() => refuseShortfall(summary, report, 95)).toThrow(/did not take 3 events/);
  });
});

it('shows each setting of the run once, and not where the report goes', async () => {
  const { plan, summary } = await summaryOf(reportOf(1_000, 1_000), ['--seed', '7', '--report', 'a.html']);
  const page = reportPageOf(summary, plan);
  expect(page.match(/<th>seed<\/th>/g)).toHaveLength(1);
  expect(page).not.toContain('a.html');
});
