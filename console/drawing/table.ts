import type { Override, Step, Transformation } from './dashboard.ts';
import type { Cell, Column, SeriesData, TableData, TargetData } from './data.ts';

/** A target's answer as rows, with the panel's transformations done. */
export function toTable(data: TargetData, transformations: readonly Transformation[] = []): TableData {
  const table = data.kind === 'table' ? data : newestOf(data);
  return transformations.reduce(transform, table);
}

/** One row per series: its labels, then its newest value, under the names that Grafana gives them. */
function newestOf({ times, series }: SeriesData): TableData {
  const labels = [...new Set(series.flatMap((one) => Object.keys(one.labels)))].sort();
  const columns: Column[] = [
    { name: 'Time', type: 'time' },
    ...labels.map((name) => ({ name, type: 'text' }) as const),
    { name: 'Value', type: 'number' },
  ];
  const rows = series.map((one) => [
    times.at(-1) ?? null,
    ...labels.map((name) => one.labels[name] ?? ''),
    one.values.at(-1) ?? null,
  ]);
  return { kind: 'table', columns, rows };
}

function transform(table: TableData, transformation: Transformation): TableData {
  if (transformation.id === 'organize') {
    const hidden = transformation.options.excludeByName ?? {};
    return pick(
      table,
      table.columns.flatMap(({ name }, i) => (hidden[name] ? [] : [i])),
    );
  }
  if (transformation.id === 'groupingToMatrix') return toMatrix(table, transformation.options);
  return table;
}

function pick({ columns, rows }: TableData, kept: readonly number[]): TableData {
  return {
    kind: 'table',
    columns: kept.map((i) => columns[i]!),
    rows: rows.map((row) => kept.map((i) => row[i] ?? null)),
  };
}

/** A column per value of `columnField`, a row per value of `rowField`; what has no row in the table is 0. */
function toMatrix(
  { columns, rows }: TableData,
  names: { readonly rowField: string; readonly columnField: string; readonly valueField: string },
): TableData {
  const at = (name: string) => columns.findIndex((column) => column.name === name);
  const [rowAt, columnAt, valueAt] = [at(names.rowField), at(names.columnField), at(names.valueField)];
  const heads = [...new Set(rows.map((row) => String(row[columnAt])))];
  const sides = new Map<string, Map<string, Cell>>();
  for (const row of rows) {
    const side = String(row[rowAt]);
    const own = sides.get(side) ?? new Map<string, Cell>();
    sides.set(side, own.set(String(row[columnAt]), row[valueAt] ?? 0));
  }
  return {
    kind: 'table',
    columns: [
      { name: `${names.rowField}\\${names.columnField}`, type: 'text' },
      ...heads.map((name) => ({ name, type: 'number' }) as const),
    ],
    rows: [...sides].map(([side, own]) => [side, ...heads.map((head) => own.get(head) ?? 0)]),
  };
}

/** The unit of a column: that of an override by its name, else the panel's. */
export function unitOf(name: string, unit: string | undefined, overrides: readonly Override[] = []): string {
  const own = overridden(name, 'unit', overrides);
  return typeof own === 'string' ? own : (unit ?? 'none');
}

/** The steps by which a column's figures are coloured; none unless an override by its name asks for colours. */
export function stepsOf(name: string, overrides: readonly Override[] = []): readonly Step[] {
  const options = overridden(name, 'custom.cellOptions', overrides) as { type?: string } | undefined;
  if (options?.type !== 'color-text') return [];
  const thresholds = overridden(name, 'thresholds', overrides) as { steps?: readonly Step[] } | undefined;
  return thresholds?.steps ?? [];
}

function overridden(name: string, property: string, overrides: readonly Override[]): unknown {
  const own = overrides.filter(({ matcher }) => matcher.id === 'byName' && matcher.options === name);
  return own.flatMap(({ properties }) => properties).find(({ id }) => id === property)?.value;
}
