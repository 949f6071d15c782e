/**
 * How an answer is drawn. As written in the header:
 *
 *   bars of revenue by company, year            horizontal, longest name first to read, in the order of the rows
 *   columns of revenue_index by month           upright, for labels with an order of their own
 *   lines of revenue over year for each genre   one line per genre
 */
export interface QuestionChart {
  readonly kind: 'bars' | 'columns' | 'lines';
  /** may hold the placeholder of a choice: `revenue_{credit}` */
  readonly value: string;
  /** columns that make a label, or the one x column of lines */
  readonly labels: readonly string[];
  readonly series: string | null;
  /** every column the chart needs */
  readonly columns: readonly string[];
}

export function parseChart(text: string, faults: string[]): QuestionChart {
  const bars = /^(bars|columns) of (\S+) by (.+)$/.exec(text);
  if (bars) {
    const labels = bars[3]!.split(',').map((label) => label.trim());
    return toChart(bars[1] as 'bars' | 'columns', bars[2]!, labels, null);
  }
  const lines = /^lines of (\S+) over (\S+)(?: for each (\S+))?$/.exec(text);
  if (lines) return toChart('lines', lines[1]!, [lines[2]!], lines[3] ?? null);
  faults.push(
    `chart: "${text}" is none of "bars of … by …", "columns of … by …", "lines of … over … for each …"`,
  );
  return toChart('bars', '', [], null);
}

function toChart(
  kind: QuestionChart['kind'],
  value: string,
  labels: readonly string[],
  series: string | null,
): QuestionChart {
  return { kind, value, labels, series, columns: [value, ...labels, ...(series === null ? [] : [series])] };
}
