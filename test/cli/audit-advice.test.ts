import { expect, it } from 'vitest';
import { adviceFor } from '../../cli/commands/audit.ts';
import type { AuditReport } from '../../clickhouse/audit.ts';

const exact: AuditReport = {
  exact: true,
  slots: [0, 1, 2],
  rawRows: 10,
  gaps: [],
  unfinished: [],
  tables: [],
  sealed: { months: 0, differing: [] },
};
const differing = (slot: number) => ({
  table: 'agg_ratings_day',
  rows: 1,
  keys: 1,
  differing: 1,
  examples: [],
  months: [{ slot, month: 202601 }],
});

it('an audit advises what helps: the log for holes, raw for aggregates, a backup for what is sealed', () => {
  expect(adviceFor(exact)).toEqual([]);
  const gaps = [
    { slot: 1, from: 70, to: 79, missing: 10 },
    { slot: 1, from: 20, to: 29, missing: 10 },
  ];
  const holed = { ...exact, gaps, tables: [differing(1)] };
  expect(adviceFor(holed)).toEqual([expect.stringContaining('recover --rewind 1:20')]);
  const seal = { slot: 2, month: 202501, table: 'user_ratings', expected: 5, found: 4 };
  const all = {
    ...holed,
    unfinished: [2],
    tables: [differing(0)],
    sealed: { months: 1, differing: [seal] },
  };
  expect(adviceFor(all)).toEqual([
    expect.stringContaining('recover --slots 2'),
    expect.stringContaining('recover --rewind 1:20'),
    expect.stringContaining('recover --deep'),
    expect.stringContaining('backup'),
  ]);
});
