import { ReelstreamError } from '../core/errors.ts';
import type { ClickHouse } from './connection.ts';
import { SCRATCH_PREFIXES } from './scratch-tables.ts';

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
 * the server runs on insert. Every table that says how far it is must have its view, and the other way round, so that a view
 * that was dropped or detached is found and not just left out.
 * @throws ReelstreamError `halted` when one is missing, or a view does not read `events_raw` exactly once
 */
export async function describeAggregates(clickhouse: ClickHouse): Promise<Aggregate[]> {
  const params = {
    database: clickhouse.database,
    suffix: VIEW_SUFFIX,
    scratch: `^(${Object.values(SCRATCH_PREFIXES).join('|')})`,
  };
  const views = await clickhouse.query<{ table: string; select: string }>(
    `SELECT replaceOne(name, {suffix:String}, '') AS table, as_select AS select FROM system.tables
     WHERE database = {database:String} AND engine = 'MaterializedView' AND endsWith(name, {suffix:String})
     ORDER BY name`,
    { params },
  );
  const columns = await clickhouse.query<Column & { table: string }>(
    `SELECT table, name, type, is_in_sorting_key = 1 AS inKey FROM system.columns
     WHERE database = {database:String} AND NOT match(table, {scratch:String})
       AND table IN (SELECT table FROM system.columns WHERE database = {database:String} AND name = 'applied_offset')
       AND table IN (SELECT name FROM system.tables WHERE database = {database:String} AND endsWith(engine, 'MergeTree'))
     ORDER BY table, position`,
    { params },
  );
  requireSame(
    views.map(({ table }) => table),
    columns.map(({ table }) => table),
  );
  return views.map(({ table, select }) => ({
    table,
    columns: columns.filter((column) => column.table === table),
    selectFrom: sourceReplacer(table, select, clickhouse.database),
  }));
}

function requireSame(withView: readonly string[], withOffset: readonly string[]): void {
  const idle = withOffset.find((table) => !withView.includes(table));
  const lost = withView.find((table) => !withOffset.includes(table));
  if (idle === undefined && lost === undefined) return;
  throw new ReelstreamError(
    'halted',
    idle === undefined
      ? `the view ${lost}${VIEW_SUFFIX} fills no table ${lost} with an applied_offset`
      : `nothing fills ${idle}: its view ${idle}${VIEW_SUFFIX} is gone. Create it again from clickhouse/ddl and run ` +
          `reelstream rebuild, or drop the table`,
    { details: { table: idle ?? lost ?? '' } },
  );
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
