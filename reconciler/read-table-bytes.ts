import { RAW_TABLE } from '../clickhouse/aggregates.ts';
import type { ClickHouse } from '../clickhouse/connection.ts';

/** Tables that grow with the events. */
export const SIZED_TABLES = [
  RAW_TABLE,
  'agg_pipeline_minute',
  'agg_ratings_live',
  'agg_ratings_day',
  'agg_ratings_year',
  'user_ratings',
] as const;

/** Bytes of active parts on disk; 0 for a table without rows. */
export async function readTableBytes(clickhouse: ClickHouse): Promise<Map<string, number>> {
  const rows = await clickhouse.query<{ table: string; bytes: string }>(
    `SELECT table, sum(bytes_on_disk) AS bytes FROM system.parts
     WHERE database = {database:String} AND active AND table IN {tables:Array(String)} GROUP BY table`,
    { params: { database: clickhouse.database, tables: [...SIZED_TABLES] } },
  );
  const found = new Map(rows.map(({ table, bytes }) => [table, Number(bytes)]));
  return new Map(SIZED_TABLES.map((table) => [table, found.get(table) ?? 0]));
}
