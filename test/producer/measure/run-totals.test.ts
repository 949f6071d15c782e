import { describe, expect, it } from 'vitest';
import { ReelstreamError } from '../../../core/errors.ts';
import { createRunTotals, mergeReports } from '../../../producer/measure/run-totals.ts';
import { delaysOf, NO_DELAYS, progressOf, reportOf } from './fixture.ts';

describe('the totals of a run', () => {
  it('are the sums of what every worker said last', () => {
    const totals = createRunTotals(2);
    totals.absorb(0, progressOf({ generated: 5, bytes: 500, targetRate: 50 }), 250);
    totals.absorb(1, progressOf({ generated: 7, bytes: 700, targetRate: 50, failed: 1 }), 300);
    totals.absorb(0, progressOf({ generated: 9, bytes: 900, targetRate: 60 }), 500);
    expect(totals.counts()).toMatchObject({ generated: 16, bytes: 1_600, targetRate: 110, failed: 1 });
  });

  it('add up faults by label', () => {
    const totals = createRunTotals(2);
    totals.absorb(0, progressOf({ byLabel: { drop: 2, 'poison/json': 1 } }), 0);
    totals.absorb(1, progressOf({ byLabel: { drop: 3, late: 4 } }), 0);
    expect(totals.byLabel()).toEqual({ drop: 5, 'poison/json': 1, late: 4 });
  });

  it('are resolved as far as the slowest worker is, and not at all before all have spoken', () => {
    const totals = createRunTotals(3);
    totals.absorb(0, progressOf({ resolved: 90 }), 0);
    totals.absorb(1, progressOf({ resolved: 31 }), 0);
    expect(totals.resolved).toBe(0);
    totals.absorb(2, progressOf({ resolved: 62 }), 0);
    expect(totals.resolved).toBe(31);
  });

  it('have one distribution of delays', () => {
    const totals = createRunTotals(2);
    totals.absorb(0, progressOf({ delays: { schedule: delaysOf(1, 2), delivery: delaysOf(10) } }), 0);
    totals.absorb(1, progressOf({ delays: { schedule: delaysOf(3), delivery: NO_DELAYS } }), 0);
    expect([totals.schedule.count, totals.schedule.max]).toEqual([3, 3_000]);
    expect([totals.delivery.count, totals.delivery.max]).toEqual([1, 10_000]);
  });

  it('have a course', () => {
    const totals = createRunTotals(1);
    for (let second = 0; second <= 3; second++) {
      totals.absorb(0, progressOf({ generated: second * 10 }), second * 1_000);
    }
    expect(totals.series().map(({ generatedRate }) => Math.round(generatedRate))).toEqual([10, 10, 10]);
  });
});

describe('the reports of several workers', () => {
  it('are one report: counts added, times of the longest, faults by label', () => {
    const merged = mergeReports([
      reportOf({
        ...{
          generated: 10,
          acknowledged: 9,
          failed: 1,
          records: 12,
          bytes: 100,
          missed: 2,
          elapsedMs: 900,
          flushMs: 3,
        },
        measured: { due: 8, acknowledged: 7, ms: 800, plannedMs: 790 },
        ...{ first: 4, next: 20, byLabel: { drop: 1 } },
      }),
      reportOf({
        ...{ generated: 20, acknowledged: 20, records: 20, bytes: 200, elapsedMs: 1_000 },
        measured: { due: 18, acknowledged: 18, ms: 810, plannedMs: 800 },
        ...{ first: 4, next: 15, byLabel: { drop: 2, late: 1 } },
      }),
    ]);
    expect(merged).toMatchObject({
      ...{
        generated: 30,
        acknowledged: 29,
        failed: 1,
        records: 32,
        bytes: 300,
        missed: 2,
        elapsedMs: 1_000,
        flushMs: 3,
      },
      measured: { due: 26, acknowledged: 25, ms: 810, plannedMs: 800 },
      ...{ first: 4, next: 15, byLabel: { drop: 3, late: 1 }, stoppedBy: 'limit', error: null },
    });
  });

  it('have the reason and the error of the one that went wrong', () => {
    const error = new ReelstreamError('kafka', 'the writer is dead');
    const merged = mergeReports([reportOf(), reportOf({ stoppedBy: 'failure', error }), reportOf()]);
    expect(merged).toMatchObject({ stoppedBy: 'failure', error });
    expect(mergeReports([reportOf(), reportOf({ stoppedBy: 'too_slow' })]).stoppedBy).toBe('too_slow');
  });

  it('of one are that one', () => {
    const only = reportOf({ generated: 3, stoppedBy: 'signal' });
    expect(mergeReports([only])).toBe(only);
  });
});
