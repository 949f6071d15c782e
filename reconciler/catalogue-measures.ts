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
  movies: loaderCount('movies'),
  films: rowsLoaded('metadata'),
  genres: loaderCount('genres'),
  companies: loaderCount('companies'),
  links: rowsLoaded('links'),
  cpi_monthly: `SELECT toFloat64(sum(months)) AS value FROM catalog_cpi_coverage WHERE version = ${NEWEST}`,
};

/**
 * `source:T` what the newest load had to give, `table:T` what readers see now, `yesterday:T` the newest count of the table that
 * a check wrote down before today (UTC); null before there is one.
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

type Side = 'source' | 'table' | 'yesterday';

function sqlOf(side: Side, table: CountedTable): string {
  if (side === 'source') return SOURCE_SQL[table];
  if (side === 'table') return `SELECT toFloat64(count()) AS value FROM ${table}`;
  return `SELECT value FROM check_results
    WHERE left_side = {counted:String} AND checked_at < toDateTime64({today:String}, 3, 'UTC') AND value IS NOT NULL
    ORDER BY checked_at DESC LIMIT 1`;
}

function loaderCount(column: string): string {
  return `SELECT toFloat64(${column}) AS value FROM catalog_versions ORDER BY version DESC LIMIT 1`;
}

function rowsLoaded(role: string): string {
  return `SELECT toFloat64(sum(rows_loaded)) AS value FROM catalog_sources
    WHERE version = ${NEWEST} AND role = '${role}'`;
}

function parse(name: string): { side: Side; table: CountedTable } | null {
  const [side, table, ...rest] = name.split(':');
  const isKnown =
    (side === 'source' || side === 'table' || side === 'yesterday') &&
    COUNTED_TABLES.includes(table as CountedTable) &&
    rest.length === 0;
  return isKnown ? { side, table: table as CountedTable } : null;
}
