import { scenario } from '../scenario.ts';
import { always, from } from '../series.ts';

/** Row counts, rows, and source against sink. */
export const reconciliation = [
  scenario(
    'rows at 40 % of the period before, threshold 70 %',
    60,
    { rows: from(30, 144_000, 360_000) },
    { TableRowCountDip: { notBefore: 30, by: 33, count: 1 } },
  ),
  scenario('no rows at all', 60, { rows: from(30, 0, 360_000) }, { TableRowCountDip: { by: 33 } }),
  scenario('far below yesterday, as in the same period last week', 60, {
    rows: always(148_000),
    lastWeekRows: always(150_000),
  }),
  scenario('far below last week, as yesterday', 60, {
    rows: always(148_000),
    previousRows: always(150_000),
  }),
  scenario('rows at 75 %', 60, { rows: always(271_000) }),
  scenario('12 rows yesterday and 3 now: too few to judge', 60, {
    rows: always(3),
    previousRows: always(12),
    lastWeekRows: always(11),
  }),
  scenario('the first day: there is no period before', 60, {
    without: [/recon_previous_period/, /recon_last_week/],
  }),
  scenario(
    'no last week yet: the period before decides alone',
    60,
    { rows: from(30, 100_000, 360_000), without: [/recon_last_week/] },
    { TableRowCountDip: { by: 33 } },
  ),
  scenario(
    'no yesterday (a table that came back): last week decides alone',
    60,
    { rows: from(30, 100_000, 360_000), without: [/recon_previous_period/] },
    { TableRowCountDip: { by: 33 } },
  ),
  scenario('a bad count on one reading', 60, { rows: (t) => (t === 30 ? 0 : 360_000) }),
  scenario(
    'as many rows, nearly empty ones',
    60,
    { bytes: from(30, 1_440_000, 4_320_000) },
    { TableRowsThin: { notBefore: 30, by: 33 } },
  ),
  scenario('rows and bytes fall together, above the threshold', 60, { rows: from(30, 260_000, 360_000) }),
  scenario('thin on one reading', 60, { bytes: (t) => (t === 30 ? 1_440_000 : 4_320_000) }),
  scenario('thin, but hardly any rows before', 60, {
    rows: always(120),
    previousRows: always(50),
    lastWeekRows: always(50),
    bytes: always(360),
  }),
  scenario('thin, but hardly any rows now', 60, {
    rows: always(90),
    previousRows: always(120),
    lastWeekRows: always(120),
    bytes: always(360),
  }),
  scenario(
    'the sink lost 1 % of the same offsets',
    60,
    { surplus: (t) => (t < 30 ? 0 : -Math.round(0.01 * (1_000_000 + 6_000 * t))) },
    { SourceSinkMismatch: { notBefore: 31, by: 34, count: 1 } },
  ),
  scenario(
    'the sink holds one event too many',
    60,
    { surplus: from(30, 1, 0) },
    { SourceSinkMismatch: { by: 34 } },
  ),
  scenario('one bad reading', 60, { surplus: (t) => (t === 30 ? -9_000 : 0) }),
  scenario('inside the tolerance of 0.1 %', 60, { tolerance: always(0.001), surplus: always(-500) }),
  scenario(
    'outside the tolerance of 0.1 %',
    60,
    { tolerance: always(0.001), surplus: from(30, -5_000, -500) },
    { SourceSinkMismatch: { by: 34 } },
  ),
  scenario(
    'a configured check fails',
    60,
    { check: from(30, 0, 1) },
    { ReconciliationCheckFailed: { notBefore: 30, by: 33 } },
  ),
  scenario(
    'a configured check that pages fails',
    60,
    { check: from(30, 0, 1), checkSeverity: 'page' },
    { ReconciliationCheckFailed: { by: 33 } },
  ),
  scenario('a check fails once', 60, { check: (t) => (t === 30 ? 0 : 1) }),
  scenario(
    'the reconciler hangs',
    60,
    { reconciled: (t) => Math.min(t, 30) },
    { ReconciliationStale: { notBefore: 34, by: 37 } },
  ),
  scenario('the reconciler takes four rounds to finish one', 60, {
    reconciled: (t) => Math.floor(t / 4) * 4,
  }),
  scenario(
    'the reconciler dies',
    90,
    { dies: { reconciler: 60 } },
    { PipelineTargetDown: { by: 63, count: 1 }, PipelineMetricsMissing: { by: 73, count: 2 } },
  ),
];
