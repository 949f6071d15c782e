import type { ClickHouse } from './connection.ts';
import type { Slot } from './sink-store.ts';

/** The last row of a slot in raw: its position. */
export interface LastRow {
  readonly offset: number;
  readonly logTsMs: number;
  readonly valueHash: bigint;
}

/** Read backwards through the sorting key, so its cost does not grow with the table; max() would read the whole column. */
export async function lastRow(clickhouse: ClickHouse, rawTable: string, slot: Slot): Promise<LastRow | null> {
  const [row] = await clickhouse.query<{ offset: string; logTsMs: string; valueHash: string }>(
    `SELECT kafka_offset AS offset, toUnixTimestamp64Milli(log_ts) AS logTsMs, value_hash AS valueHash
     FROM ${rawTable} WHERE slot = {slot:UInt16} ORDER BY kafka_offset DESC LIMIT 1`,
    { params: { slot } },
  );
  if (!row) return null;
  return { offset: Number(row.offset), logTsMs: Number(row.logTsMs), valueHash: BigInt(row.valueHash) };
}

/** Offsets below the last one among which an aggregate's highest is looked for first: a few batches. */
const NEAR_OFFSETS = 200_000;

/**
 * Highest offset that contributed to a slot of an aggregate, -1 for none. The first look is narrow, because the minmax index
 * finds the newest rows at once; only an aggregate far behind is read whole.
 */
export async function appliedOffset(
  clickhouse: ClickHouse,
  table: string,
  slot: Slot,
  lastOffset: number,
): Promise<number> {
  const near = await highestFrom(clickhouse, table, slot, Math.max(0, lastOffset - NEAR_OFFSETS));
  return near ?? (await highestFrom(clickhouse, table, slot, 0)) ?? -1;
}

async function highestFrom(
  clickhouse: ClickHouse,
  table: string,
  slot: Slot,
  from: number,
): Promise<number | null> {
  const [row] = await clickhouse.query<{ applied: string }>(
    `SELECT max(t.applied_offset) AS applied FROM ${table} AS t
     WHERE slot = {slot:UInt16} AND t.applied_offset >= {from:UInt64} HAVING count() > 0`,
    { params: { slot, from } },
  );
  return row ? Number(row.applied) : null;
}

/** Months in which an aggregate has contributions from above `lastOffset`; sealed ones are left alone. */
export async function monthsAhead(
  clickhouse: ClickHouse,
  table: string,
  slot: Slot,
  lastOffset: number,
): Promise<number[]> {
  const rows = await clickhouse.query<{ month: number }>(
    `SELECT DISTINCT ingest_month AS month FROM ${table}
     WHERE slot = {slot:UInt16} AND applied_offset >= {from:UInt64}
       AND ingest_month NOT IN (SELECT ingest_month FROM sealed_months WHERE slot = {slot:UInt16})
     ORDER BY month`,
    { params: { slot, from: lastOffset + 1 } },
  );
  return rows.map(({ month }) => month);
}
