import type { Cell, Line, Lines, SeriesData, TableData, TargetData } from './data.ts';
import { legendOf } from './legend.ts';

export interface TargetAnswer {
  readonly legendFormat?: string | undefined;
  readonly data: TargetData;
}

/** The lines of all targets over the union of their times, in the targets' order. */
export function toLines(answers: readonly TargetAnswer[]): Lines {
  const parts = answers.map(({ legendFormat, data }) =>
    data.kind === 'series' ? ofSeries(data, legendFormat) : ofTable(data),
  );
  const times = [...new Set(parts.flatMap((part) => part.times))].sort((a, b) => a - b);
  const lines = parts.flatMap((part) => {
    if (sameTimes(part.times, times)) return part.lines;
    const at = new Map(part.times.map((time, i) => [time, i]));
    return part.lines.map(({ name, values }) => ({
      name,
      values: times.map((time) => {
        const i = at.get(time);
        return i === undefined ? null : (values[i] ?? null);
      }),
    }));
  });
  return { times, lines };
}

function sameTimes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((time, i) => time === b[i]);
}

function ofSeries({ times, series }: SeriesData, legendFormat: string | undefined): Lines {
  return {
    times,
    lines: series.map(({ labels, values }) => ({ name: legendOf(legendFormat, labels), values })),
  };
}

/** Rows (time, names, figures) as lines: one for each figure and name, in order of their first row. */
function ofTable({ columns, rows }: TableData): Lines {
  const timeAt = columns.findIndex(({ type }) => type === 'time');
  if (timeAt < 0) return { times: [], lines: [] };
  const figures = columns.flatMap(({ type }, i) => (type === 'number' ? [i] : []));
  const names = columns.flatMap(({ type }, i) => (type === 'text' ? [i] : []));
  const times = [...new Set(rows.map((row) => Number(row[timeAt])))].sort((a, b) => a - b);
  const indexOf = new Map(times.map((time, i) => [time, i]));
  const found = new Map<string, (number | null)[]>();
  for (const row of rows) {
    for (const figure of figures) {
      const name = lineName(
        row,
        names,
        figures.length > 1 || names.length === 0 ? columns[figure]!.name : '',
      );
      const values = found.get(name) ?? times.map(() => null);
      found.set(name, values);
      values[indexOf.get(Number(row[timeAt]))!] = row[figure] as number | null;
    }
  }
  return { times, lines: [...found].map(([name, values]): Line => ({ name, values })) };
}

function lineName(row: readonly Cell[], names: readonly number[], figure: string): string {
  return [...names.map((i) => String(row[i])), figure].filter((text) => text !== '').join(' ');
}

/** The newest value that is known; null where there is none. */
export function lastKnown(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}
