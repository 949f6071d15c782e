import type { ClickHouse } from '../clickhouse/connection.ts';
import type { MeasureSource } from './measures.ts';

/** Tables of the catalogue that are counted, as readers see them. */
export const COUNTED_TABLES = ['movies', 'films', 'genres', 'companies', 'links', 'cpi_monthly'] as const;
export type CountedTable = (typeof COUNTED_TABLES)[number];

const NEWEST = '(SELECT max(version) FROM catalog_versions)';

/**
 * What the newest load had to give. Links and films each come from the file of one role: there the rows that were loaded from
 * it. A row of a price file may hold months of several series, so months are counted per series. Several files make movies,
 * genres and companies together: there what the loader counted before it wrote.
 */
const SOURCE_SQL: Readonly<Record<CountedTable, string>> = {
  movies: versionCount('movies', 0),
  films: rowsLoaded('metadata'),
  genres: versionCount('genres', 0),
  companies: versionCount('companies', 0),
  links: rowsLoaded('links'),
  cpi_monthly: `SELECT toFloat64(sum(months)) AS value FROM catalog_cpi_coverage WHERE version = ${NEWEST}`,
};

/** Counts that every version keeps of itself; `films` is none of them. */
const VERSION_COUNTS: Readonly<Partial<Record<CountedTable, string>>> = {
  movies: 'movies',
  genres: 'genres',
  companies: 'companies',
  links: 'links',
  cpi_monthly: 'cpi_months',
};

/** Tables whose count under the version before is known. */
export const TABLES_WITH_HISTORY = COUNTED_TABLES.filter((table) => VERSION_COUNTS[table] !== undefined);

/**
 * `source:T` what the newest load had to give, `table:T` what readers see now, `before:T` what the version before the newest
 * had, `yesterday:T` the newest count of the table that a check wrote down before today (UTC); null before there is one.
 */
export const catalogueMeasures: MeasureSource = {
  knows: (name) => parse(name) !== null,
  async read(clickhouse, names, nowMs) {
    const values = await Promise.all(names.map((name) => measure(clickhouse, name, nowMs)));
    return new Map(names.map((name, i) => [name, values[i]!]));
  },
};

async function measure(clickhouse: ClickHouse, name: string, nowMs: number): Promise<number | null> {
  const { side, table } = parse(name)!;
  const [row] = await clickhouse.query<{ value: number | null }>(sqlOf(side, table), {
    params: { counted: `table:${table}`, today: new Date(nowMs).toISOString().slice(0, 10) },
  });
  return row?.value ?? null;
}

const SIDES = ['source', 'table', 'before', 'yesterday'] as const;
type Side = (typeof SIDES)[number];

function sqlOf(side: Side, table: CountedTable): string {
  if (side === 'source') return SOURCE_SQL[table];
  if (side === 'table') return `SELECT toFloat64(count()) AS value FROM ${table}`;
  if (side === 'before') return versionCount(VERSION_COUNTS[table]!, 1);
  return `SELECT value FROM check_results
    WHERE left_side = {counted:String} AND checked_at < toDateTime64({today:String}, 3, 'UTC') AND value IS NOT NULL
    ORDER BY checked_at DESC LIMIT 1`;
}

function versionCount(column: string, versionsBack: number): string {
  return `SELECT toFloat64(${column}) AS value FROM catalog_versions ORDER BY version DESC LIMIT 1 OFFSET ${versionsBack}`;
}

function rowsLoaded(role: string): string {
  return `SELECT toFloat64(sum(rows_loaded)) AS value FROM catalog_sources
    WHERE version = ${NEWEST} AND role = '${role}'`;
}

function parse(name: string): { side: Side; table: CountedTable } | null {
  const [side, table, ...rest] = name.split(':');
  const tables: readonly string[] = side === 'before' ? TABLES_WITH_HISTORY : COUNTED_TABLES;
  const isKnown = SIDES.includes(side as Side) && tables.includes(table ?? '') && rest.length === 0;
  return isKnown ? { side: side as Side, table: table as CountedTable } : null;
}
