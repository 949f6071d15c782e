import { type Aggregate, RAW_TABLE } from './aggregates.ts';
import type { RepairContext } from './chunks.ts';
import type { ClickHouse } from './connection.ts';
import { insertNote } from './owned-statements.ts';
import type { RawMonth } from './retention-plan.ts';
import type { Slot } from './sink-store.ts';

/** Control totals of one aggregate for some months of a slot, in the order of the months. */
export interface MonthTotals {
  readonly table: string;
  readonly totals: readonly number[];
  /** raw, through the view, gives the same */
  readonly isRight: boolean;
}

export async function readMonthTotals(
  clickhouse: ClickHouse,
  aggregates: readonly Aggregate[],
  slot: Slot,
  months: readonly RawMonth[],
): Promise<MonthTotals[]> {
  const found: MonthTotals[] = [];
  for (const { table, selectFrom } of aggregates) {
    const ofMonths = `(SELECT * FROM ${RAW_TABLE}
      WHERE slot = {slot:UInt16} AND toYYYYMM(ingested_at) IN {months:Array(UInt32)})`;
    const rows = await clickhouse.query<{ month: number; has: string; wants: string }>(
      `SELECT month, sum(has_n) AS has, sum(wants_n) AS wants FROM
       (
         SELECT ingest_month AS month, sum(t.n) AS has_n, toUInt64(0) AS wants_n FROM ${table} AS t
         WHERE slot = {slot:UInt16} AND ingest_month IN {months:Array(UInt32)} GROUP BY month
         UNION ALL
         SELECT ingest_month AS month, toUInt64(0) AS has_n, sum(t.n) AS wants_n FROM (${selectFrom(ofMonths)}) AS t
         GROUP BY month
       )
       GROUP BY month`,
      { params: { slot, months: months.map(({ month }) => month) } },
    );
    const of = new Map(rows.map((row) => [row.month, row]));
    found.push({
      table,
      totals: months.map(({ month }) => Number(of.get(month)?.has ?? 0)),
      isRight: rows.every(({ has, wants }) => has === wants),
    });
  }
  return found;
}

/** All months by one statement: they share offsets. Without effect unless everything is still owned. */
export async function noteSeals(
  context: RepairContext,
  slot: Slot,
  months: readonly RawMonth[],
  totals: readonly MonthTotals[],
): Promise<void> {
  await insertNote(
    context,
    `INSERT INTO sealed_months (slot, ingest_month, rows, last_offset, totals)
     SELECT {slot:UInt16}, seal.1, seal.2, seal.3, mapFromArrays({tables:Array(String)}, seal.4) FROM
     (
       SELECT arrayJoin(arrayZip({months:Array(UInt32)}, {rows:Array(UInt64)}, {lasts:Array(UInt64)},
                                 {totals:Array(Array(UInt64))})) AS seal
     )`,
    {
      slot,
      months: months.map(({ month }) => month),
      rows: months.map(({ rows }) => rows),
      lasts: months.map(({ last }) => last),
      tables: totals.map(({ table }) => table),
      totals: months.map((_, i) => totals.map((one) => one.totals[i]!)),
    },
  );
}
