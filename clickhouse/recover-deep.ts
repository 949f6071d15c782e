import { type Aggregate, describeAggregates, RAW_TABLE } from './aggregates.ts';
import type { RepairContext } from './chunks.ts';
import type { ClickHouse } from './connection.ts';
import { findGaps, type Gap } from './gaps.ts';
import { type Repair, rebuildMonth, recoverSlot } from './recover.ts';
import type { Slot } from './sink-store.ts';
import { finishSwap, noteSwap, prepareTwins } from './swap.ts';
import { type OwnerOptions, underFence } from './under-fence.ts';

export interface DeepReport {
  readonly slot: Slot;
  readonly gaps: readonly Gap[];
  readonly repairs: readonly Repair[];
}

/**
 * What ordinary recovery cannot see: holes behind the position, left by an engine that lost rows it had acknowledged. Offsets
 * are counted one by one; control totals are compared month by month, and months that differ are derived anew. Holes in raw
 * are reported: only the log can fill them, see `rewind`.
 */
export async function recoverDeep(options: OwnerOptions, slots: readonly Slot[]): Promise<DeepReport[]> {
  const aggregates = await describeAggregates(options.clickhouse);
  const reports: DeepReport[] = [];
  for (const slot of slots) {
    reports.push(
      await underFence(options, slot, async (context) => {
        const { repairs } = await recoverSlot(context, aggregates, slot);
        const gaps = await findGaps(context.clickhouse, RAW_TABLE, slot);
        return { slot, gaps, repairs: [...repairs, ...(await repairTotals(context, aggregates, slot))] };
      }),
    );
  }
  return reports;
}

async function repairTotals(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slot: Slot,
): Promise<Repair[]> {
  const wrong = new Map<number, string[]>();
  for (const aggregate of aggregates) {
    for (const month of await monthsWithWrongTotal(context.clickhouse, aggregate, slot)) {
      wrong.set(month, [...(wrong.get(month) ?? []), aggregate.table]);
    }
  }
  const repairs: Repair[] = [];
  for (const [month, tables] of wrong) {
    const rows = await rebuildMonth(context, aggregates, slot, month);
    repairs.push(...tables.map((table) => ({ table, kind: 'rebuilt' as const, rows })));
  }
  return repairs;
}

async function monthsWithWrongTotal(
  clickhouse: ClickHouse,
  aggregate: Aggregate,
  slot: Slot,
): Promise<number[]> {
  const want = aggregate.selectFrom(`(SELECT * FROM ${RAW_TABLE} WHERE slot = {slot:UInt16})`);
  const rows = await clickhouse.query<{ month: number }>(
    `SELECT ingest_month AS month FROM
     (
       SELECT ingest_month, toInt64(sum(t.n)) AS total FROM ${aggregate.table} AS t
       WHERE slot = {slot:UInt16} GROUP BY ingest_month
       UNION ALL
       SELECT ingest_month, -toInt64(sum(t.n)) AS total FROM (${want}) AS t GROUP BY ingest_month
     )
     WHERE ingest_month NOT IN (SELECT ingest_month FROM sealed_months WHERE slot = {slot:UInt16})
     GROUP BY month HAVING sum(total) != 0 ORDER BY month`,
    { params: { slot } },
  );
  return rows.map(({ month }) => month);
}

/**
 * Cuts a slot back: raw loses its rows from `offset` on, the aggregates follow, and the sink reads the log again from there.
 * For holes, as long as Kafka still has the records. The newest month first: killed in between, the position has moved back
 * and no new hole is made.
 */
export async function rewind(options: OwnerOptions, slot: Slot, offset: number): Promise<void> {
  const aggregates = await describeAggregates(options.clickhouse);
  await underFence(options, slot, async (context) => {
    await recoverSlot(context, aggregates, slot);
    for (const month of await monthsFrom(context.clickhouse, slot, offset)) {
      const tag = `w${context.owned[0]!.epoch}`;
      const swap = { slot, month, tag, catalogVersion: 0, keepBelow: offset };
      await prepareTwins(context, aggregates, swap);
      await noteSwap(context, swap, 'swapping');
      await finishSwap(context, aggregates, swap);
    }
  });
}

async function monthsFrom(clickhouse: ClickHouse, slot: Slot, offset: number): Promise<number[]> {
  const rows = await clickhouse.query<{ month: number }>(
    `SELECT toYYYYMM(ingested_at) AS month FROM ${RAW_TABLE}
     WHERE slot = {slot:UInt16} AND kafka_offset >= {offset:UInt64}
     GROUP BY month ORDER BY max(kafka_offset) DESC`,
    { params: { slot, offset } },
  );
  return rows.map(({ month }) => month);
}
