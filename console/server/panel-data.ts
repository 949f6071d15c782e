import { expandMacros } from '../../dashboards/sql-macros.ts';
import type { Dashboard } from '../drawing/dashboard.ts';
import type { TargetData } from '../drawing/data.ts';
import { legendOf } from '../drawing/legend.ts';
import { type Range, stepSeconds } from '../drawing/time-range.ts';
import type { Boards } from './boards.ts';
import type { Query } from './checks.ts';
import type { Prometheus } from './prometheus.ts';
import { type ReadOnlyClickHouse, readTable } from './read-table.ts';
import { chosenTexts, interpolate, VARIABLE_PREFIX } from './variables.ts';

export interface DataTools {
  readonly boards: Boards;
  readonly prometheus: Prometheus;
  readonly clickhouse: ReadOnlyClickHouse;
  readonly scrapeSeconds: number;
  readonly nowSeconds: () => number;
}

/**
 * Runs one query of one panel. The request says which, over which time and with which of a variable's values; the text of the
 * query is the dashboard's alone.
 * @throws Problem
 */
export async function panelData(query: Query, tools: DataTools): Promise<TargetData> {
  query.refuseOthers(['dashboard', 'panel', 'target', 'from', 'to', 'points'], VARIABLE_PREFIX);
  const uid = query.required('dashboard');
  const { target } = tools.boards.target(uid, query.panelId(), query.required('target'));
  const range = query.range(tools.nowSeconds());
  if (target.rawSql) return readTable(tools.clickhouse, expandMacros(target.rawSql, range));
  const step = stepSeconds(range, query.points(), tools.scrapeSeconds);
  const texts = await chosenTexts(tools.boards.board(uid), query, range, tools.prometheus);
  const { scrapeSeconds, prometheus } = tools;
  const expr = interpolate(target.expr ?? '', { texts, range, stepSeconds: step, scrapeSeconds });
  return target.instant ? prometheus.instant(expr, range.toSeconds) : prometheus.range(expr, range, step);
}

/** Something that held for a while, to be marked on every axis of time. */
export interface Mark {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly title: string;
  readonly text: string;
}

/** The dashboard's annotations over a span. @throws Problem */
export async function annotations(query: Query, tools: DataTools): Promise<Mark[]> {
  query.refuseOthers(['dashboard', 'from', 'to', 'points']);
  const board = tools.boards.board(query.required('dashboard'));
  const range = query.range(tools.nowSeconds());
  const step = stepSeconds(range, query.points(), tools.scrapeSeconds);
  const found = board.annotations.list.filter(({ enable }) => enable);
  return (await Promise.all(found.map((one) => marksOf(one, range, step, tools)))).flat();
}

async function marksOf(
  { expr, titleFormat, textFormat }: Dashboard['annotations']['list'][number],
  range: Range,
  step: number,
  { prometheus }: DataTools,
): Promise<Mark[]> {
  const { times, series } = await prometheus.range(expr, range, step);
  return series.flatMap(({ labels, values }) => {
    const about = { title: legendOf(titleFormat, labels), text: legendOf(textFormat, labels) };
    return spansOf(times, values, step).map((span) => ({ ...span, ...about }));
  });
}

/** Where values are, one behind the other. */
function spansOf(times: readonly number[], values: readonly (number | null)[], step: number) {
  const spans: { fromSeconds: number; toSeconds: number }[] = [];
  for (const [i, time] of times.entries()) {
    if (values[i] === null) continue;
    const last = spans.at(-1);
    if (last && last.toSeconds === time) last.toSeconds = time + step;
    else spans.push({ fromSeconds: time, toSeconds: time + step });
  }
  return spans;
}
