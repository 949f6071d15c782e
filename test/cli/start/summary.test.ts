import { describe, expect, it } from 'vitest';
import { faultsOf, type RunFigures, summaryRows } from '../../../cli/start/summary.ts';

const good: RunFigures = {
  generated: 100,
  acknowledged: 100,
  rawRows: 100,
  canaries: 4,
  verdicts: { ok: 100 },
  deadLetters: 0,
  targetRate: 10,
  achievedRate: 10,
  freshnessP50Ms: 1,
  freshnessP99Ms: 2,
  firstRowMs: 3,
  peakMemoryBytes: 4e6,
  peakMemoryByProcess: { sink: 4e6 },
  audit: {
    exact: true,
    tables: [],
    gaps: [],
    unfinished: [],
    rawRows: 100,
    slots: [0],
    sealed: { months: 0, differing: [] },
  },
};
const rowNamed = (figures: RunFigures, name: string) =>
  summaryRows(figures).find(([what]) => what.trim() === name)?.[1];

describe('a run', () => {
  it('is good when every acknowledged event is in the tables and these are exact', () => {
    expect(faultsOf(good)).toEqual([]);
    expect(rowNamed(good, 'of these by other producers')).toBeUndefined();
  });

  it('stays good when somebody else wrote to the topic as well, and says so', () => {
    const figures = { ...good, rawRows: 130 };
    expect(faultsOf(figures)).toEqual([]);
    expect(rowNamed(figures, 'of these by other producers')).toBe(30);
  });

  it('is not good when events are missing', () => {
    expect(faultsOf({ ...good, rawRows: 99 })).toEqual([
      '100 events were acknowledged but 99 are in events_raw',
    ]);
    expect(faultsOf({ ...good, generated: 101, rawRows: 101 })).toEqual([
      '1 generated events were not acknowledged',
    ]);
    expect(faultsOf({ ...good, audit: { ...good.audit, exact: false } })).toEqual(['the audit is not exact']);
  });
});
