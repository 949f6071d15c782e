import { RAW_TABLE } from '../clickhouse/aggregates.ts';
import type { ClickHouse } from '../clickhouse/connection.ts';
import { readSeals, sealedOffset } from '../clickhouse/seals.ts';
import { beginOf } from '../clickhouse/slots.ts';
import { addUp, type Compared, compareSlot, NO_ROWS, type SlotRows } from './settled.ts';
import type { SinkPosition } from './sink-positions.ts';

/** Tables that hold every record whatever its verdict, so that they can be counted against the log. */
export const SETTLED_TABLES = [RAW_TABLE, 'agg_pipeline_minute'] as const;
export type SettledTable = (typeof SETTLED_TABLES)[number];

export interface SettledOptions {
  /** newest records per partition that are counted in raw; the aggregate is always counted whole */
  readonly rangeRecords: number;
}

/**
 * Both sides of every table over all slots.
 * @param settled per slot the offset up to which an earlier look saw everything durable
 */
export async function readSettled(
  clickhouse: ClickHouse,
  positions: readonly SinkPosition[],
  settled: ReadonlyMap<number, number>,
  { rangeRecords }: SettledOptions,
): Promise<Record<SettledTable, Compared>> {
  const slots = positions.map(({ slot }) => slot);
  const seals = await readSeals(clickhouse, slots);
  const settledOf = (slot: number) => settled.get(slot) ?? -1;
  const rawFrom = new Map(
    positions.map((one) => [
      one.slot,
      Math.max(beginOf(one) ?? 0, sealedOffset(seals, one.slot) + 1, one.last - rangeRecords + 1),
    ]),
  );
  const [raw, aggregate] = await Promise.all([
    rawRows(clickhouse, rawFrom),
    aggregateRows(clickhouse, slots),
  ]);
  const side = (found: ReadonlyMap<number, SlotRows>, from: (one: SinkPosition) => number) =>
    addUp(
      positions.map((one) =>
        compareSlot({ from: from(one), settled: settledOf(one.slot) }, found.get(one.slot) ?? NO_ROWS),
      ),
    );
  return {
    [RAW_TABLE]: side(raw, ({ slot }) => rawFrom.get(slot)!),
    agg_pipeline_minute: side(aggregate, (one) => beginOf(one) ?? 0),
  };
}

interface Row {
  readonly slot: number;
  readonly rows: string;
  readonly skipped: string;
  readonly skippedBefore: string;
  readonly last: string;
}

/** The first row's gap may reach back to before the range: that piece of it belongs to nobody. */
function rawRows(
  clickhouse: ClickHouse,
  from: ReadonlyMap<number, number>,
): Promise<ReadonlyMap<number, SlotRows>> {
  const slots = [...from];
  const one = (i: number) =>
    `(SELECT slot, count() AS rows, sum(skipped_before) AS skipped, toUInt64(max(kafka_offset)) AS last,
             greatest(0, toInt64(argMin(skipped_before, kafka_offset)) - (toInt64(min(kafka_offset)) - {from_${i}:Int64}))
               AS skippedBefore
      FROM ${RAW_TABLE} WHERE slot = {slot_${i}:UInt16} AND kafka_offset >= {from_${i}:Int64} GROUP BY slot)`;
  const params = Object.fromEntries(
    slots.flatMap(([slot, offset], i) => [
      [`slot_${i}`, slot],
      [`from_${i}`, offset],
    ]),
  );
  return bySlot(clickhouse, slots.map((_, i) => one(i)).join(' UNION ALL '), params);
}

function aggregateRows(
  clickhouse: ClickHouse,
  slots: readonly number[],
): Promise<ReadonlyMap<number, SlotRows>> {
  const sql = `SELECT slot, sum(a.n) AS rows, sum(a.skipped) AS skipped, max(a.applied_offset) AS last, 0 AS skippedBefore
    FROM agg_pipeline_minute AS a WHERE slot IN {slots:Array(UInt16)} GROUP BY slot`;
  return bySlot(clickhouse, sql, { slots });
}

async function bySlot(
  clickhouse: ClickHouse,
  sql: string,
  params: Readonly<Record<string, unknown>>,
): Promise<ReadonlyMap<number, SlotRows>> {
  if (Object.keys(params).length === 0) return new Map();
  const rows = await clickhouse.query<Row>(sql, { params });
  return new Map(
    rows.map(({ slot, ...row }) => [
      slot,
      {
        rows: Number(row.rows),
        skipped: Number(row.skipped),
        skippedBefore: Number(row.skippedBefore),
        last: Number(row.last),
      },
    ]),
  );
}
