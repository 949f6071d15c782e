import { ReelstreamError } from '../core/errors.ts';
import type { ClickHouse } from './connection.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly inKey: boolean;
}

/** A table that a materialised view fills from `events_raw`, as the database describes it. */
export interface Aggregate {
  readonly table: string;
  readonly columns: readonly Column[];
  /** the view's own SELECT, over any source that has raw's columns: `(SELECT …)` or a table */
  selectFrom(source: string): string;
}

export const RAW_TABLE = 'events_raw';
/** A view `X_from_raw` fills the aggregate `X`. */
const VIEW_SUFFIX = '_from_raw';

/**
 * Reads the aggregates from the database and not from a list in the code: recovery and audit then use the very SELECT that
 * the server runs on insert, and no view can be forgotten.
 * @throws ReelstreamError `halted` when a view does not read `events_raw` exactly once
 */
export async function describeAggregates(clickhouse: ClickHouse): Promise<Aggregate[]> {
  const params = { database: clickhouse.database, suffix: VIEW_SUFFIX };
  const views = await clickhouse.query<{ table: string; select: string }>(
    `SELECT replaceOne(name, {suffix:String}, '') AS table, as_select AS select FROM system.tables
     WHERE database = {database:String} AND engine = 'MaterializedView' AND endsWith(name, {suffix:String})
     ORDER BY name`,
    { params },
  );
  const columns = await clickhouse.query<Column & { table: string }>(
    `SELECT table, name, type, is_in_sorting_key = 1 AS inKey FROM system.columns
     WHERE database = {database:String} AND table IN {tables:Array(String)} ORDER BY table, position`,
    { params: { ...params, tables: views.map(({ table }) => table) } },
  );
  return views.map(({ table, select }) => ({
    table,
    columns: columns.filter((column) => column.table === table),
    selectFrom: sourceReplacer(table, select, clickhouse.database),
  }));
}

function sourceReplacer(table: string, select: string, database: string): (source: string) => string {
  const name = (text: string) => `\`?${text.replaceAll(/[^\w]/g, '\\$&')}\`?`;
  const pieces = select.split(new RegExp(`\\bFROM ${name(database)}\\.${name(RAW_TABLE)}(?=[\\s)]|$)`));
  if (pieces.length !== 2) {
    throw new ReelstreamError('halted', `the view of ${table} must read ${RAW_TABLE} exactly once`);
  }
  return (source) => `${pieces[0]}FROM ${source}${pieces[1]}`;
}

/** `a, b, c` */
export function columnList({ columns }: Aggregate): string {
  return columns.map(({ name }) => name).join(', ');
}
