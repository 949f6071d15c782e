import type { Cell, TableData } from './data.ts';

/** Bars by the label of their row; more than one figure each where the columns are stacked. */
export interface Bars {
  readonly labels: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** the tallest bar, all its figures together */
  readonly most: number;
}

/** @param xField the column that names the bars; without one the first that holds text */
export function toBars({ columns, rows }: TableData, xField: string | undefined): Bars {
  const named = columns.findIndex(({ name }) => name === xField);
  const labelAt = named >= 0 ? named : columns.findIndex(({ type }) => type === 'text');
  const series = columns.flatMap(({ name, type }, i) =>
    type === 'number' && i !== labelAt ? [{ name, values: rows.map((row) => figure(row[i])) }] : [],
  );
  const totals = rows.map((_, row) => series.reduce((sum, one) => sum + Math.max(0, one.values[row]!), 0));
  return { labels: rows.map((row) => String(row[labelAt] ?? '')), series, most: Math.max(0, ...totals) };
}

function figure(cell: Cell | undefined): number {
  return typeof cell === 'number' ? cell : 0;
}

/** The few series that are largest in all, the others summed up: more colours than these cannot be told apart. */
export function largestSeries(bars: Bars, count: number): Bars {
  if (bars.series.length <= count) return bars;
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  const sorted = bars.series.toSorted((a, b) => total(b.values) - total(a.values));
  const others = sorted.slice(count - 1);
  const rest = bars.labels.map((_, row) => others.reduce((sum, one) => sum + one.values[row]!, 0));
  return { ...bars, series: [...sorted.slice(0, count - 1), { name: 'others', values: rest }] };
}
