import { scenario } from '../scenario.ts';
import { always, from } from '../series.ts';

/** Error budgets of the API and of freshness. */
export const objectives = [
  scenario(
    '20 % of the calls fail',
    90,
    { apiOk: from(30, 8, 10), apiFailed: from(30, 2, 0) },
    { ApiErrorBudgetFastBurn: { by: 55 }, ApiErrorBudgetSlowBurn: { by: 60 } },
  ),
  scenario(
    '4 % of the calls fail: the slow alert, not the fast one',
    150,
    { apiOk: from(30, 9.6, 10), apiFailed: from(30, 0.4, 0) },
    { ApiErrorBudgetSlowBurn: { by: 148 } },
  ),
  scenario(
    'calls fail for half an hour: both let go',
    180,
    { apiOk: (t) => (t >= 30 && t < 60 ? 8 : 10), apiFailed: (t) => (t >= 30 && t < 60 ? 2 : 0) },
    { ApiErrorBudgetFastBurn: { by: 55, gone: 68 }, ApiErrorBudgetSlowBurn: { by: 60, gone: 95 } },
  ),
  scenario('two bad minutes in a good hour', 150, {
    apiOk: (t) => (t >= 90 && t < 92 ? 7 : 10),
    apiFailed: (t) => (t >= 90 && t < 92 ? 3 : 0),
  }),
  scenario('three bad minutes in a good hour', 150, {
    apiOk: (t) => (t >= 90 && t < 93 ? 9 : 10),
    apiFailed: (t) => (t >= 90 && t < 93 ? 4 : 0),
  }),
  scenario('at night one of three calls fails', 150, {
    apiOk: always(0),
    apiFailed: always(0),
    patch: [
      [/code="200"/, (_, t) => (t < 90 ? 0 : 2)],
      [/code="500"/, (_, t) => (t < 91 ? 0 : 1)],
    ],
  }),
  scenario('nobody calls', 120, { apiOk: always(0) }),
  scenario(
    'a quarter of the events is late',
    120,
    { sink: { late: from(30, 0.25, 0) } },
    { FreshnessBudgetFastBurn: { notBefore: 65, by: 75, count: 1 } },
  ),
  scenario(
    'late for 30 minutes: it lets go',
    150,
    { sink: { late: (t) => (t >= 30 && t < 60 ? 0.5 : 0) } },
    { FreshnessBudgetFastBurn: { by: 60, gone: 68 } },
  ),
  scenario('a minute of catching up after a restart is late', 120, {
    sink: { late: (t) => (t >= 60 && t < 62 ? 1 : 0) },
  }),
  scenario('five late events of six at night', 150, {
    sink: { timed: (t) => (t % 20 === 0 ? 1 / 60 : 0), late: always(1) },
  }),
];
