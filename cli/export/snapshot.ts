import type { ClickHouse, QueryParams, Settings } from '../../clickhouse/connection.ts';
import { SCRATCH_PREFIXES } from '../../clickhouse/scratch-tables.ts';

export interface Snapshot {
  readonly table: string;
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** SELECT of the rows, in their order */
  readonly select: string;
}

/** Keeps the order of an answer; no table and no question has a column of this name. */
const ROW = 'export_row';
/** An export that died leaves its tables; a younger one may still be at work. */
const FORGOTTEN_AFTER_HOURS = 24;

/**
 * Writes what a statement says now into a table of its own: CSV and Parquet are then made of the same rows, while the
 * stream goes on.
 * @param orderBy columns of the statement, or null to keep the order in which it answers
 */
export async function takeSnapshot(
  clickhouse: ClickHouse,
  runId: string,
  name: string,
  sql: string,
  params: QueryParams,
  orderBy: string | null,
): Promise<Snapshot> {
  const table = `${SCRATCH_PREFIXES.export}${runId}_${name.replaceAll('-', '_')}`;
  const source = orderBy === null ? `SELECT rowNumberInAllBlocks() AS ${ROW}, * FROM (${sql})` : sql;
  const order = orderBy ?? ROW;
  try {
    await clickhouse.command(
      `CREATE TABLE ${table} ENGINE = MergeTree ORDER BY (${order}) SETTINGS allow_nullable_key = 1 AS ${source}`,
      { params },
    );
    return { table, ...(await describe(clickhouse, table, order)) };
  } catch (error) {
    await dropSnapshot(clickhouse, { table }).catch(() => undefined);
    throw error;
  }
}

async function describe(
  clickhouse: ClickHouse,
  table: string,
  order: string,
): Promise<Omit<Snapshot, 'table'>> {
  const [found] = await clickhouse.query<Pick<Snapshot, 'rows' | 'columns'>>(
    `SELECT toFloat64((SELECT count() FROM ${table})) AS rows,
       arrayMap(c -> map('name', c.2, 'type', c.3), arraySort(groupArray((position, name, type)))) AS columns
     FROM system.columns WHERE database = {database:String} AND table = {table:String} AND name != {row:String}`,
    { params: { database: clickhouse.database, table, row: ROW } },
  );
  const { rows, columns } = found!;
  const list = columns.map((column) => `\`${column.name}\``).join(', ');
  return { rows, columns, select: `SELECT ${list} FROM ${table} ORDER BY ${order}` };
}

export async function dropSnapshot(
  clickhouse: ClickHouse,
  { table }: Pick<Snapshot, 'table'>,
): Promise<void> {
  await clickhouse.command(`DROP TABLE IF EXISTS ${table} SYNC`);
}

/** Clears away what exports have left that died long ago. */
export async function dropForgottenSnapshots(clickhouse: ClickHouse): Promise<void> {
  const found = await clickhouse.query<{ table: string }>(
    `SELECT name AS table FROM system.tables
     WHERE database = {database:String} AND startsWith(name, {prefix:String})
       AND metadata_modification_time < now() - INTERVAL {hours:UInt32} HOUR`,
    {
      params: {
        database: clickhouse.database,
        prefix: SCRATCH_PREFIXES.export,
        hours: FORGOTTEN_AFTER_HOURS,
      },
    },
  );
  for (const one of found) await dropSnapshot(clickhouse, one);
}

export const CSV_SETTINGS: Settings = {
  // an empty text is "", a missing value is nothing
  format_csv_null_representation: '',
  output_format_csv_crlf_end_of_line: 0,
};
export const PARQUET_SETTINGS: Settings = { output_format_parquet_string_as_string: 1 };
