import { type Aggregate, RAW_TABLE } from './aggregates.ts';
import { appliedOffset, lastRow } from './applied-offset.ts';
import { appendRewritten } from './catalog-rewrite.ts';
import { type RepairContext, repairComment } from './chunks.ts';
import type { ClickHouse } from './connection.ts';
import { FENCE_GUARD, fenceParams } from './fence.ts';
import { fill } from './fill.ts';
import type { Slot } from './sink-store.ts';

/** One slot's month that is, or will be, swapped for newly derived rows: a partition of raw and of every aggregate. */
export interface Swap {
  readonly slot: Slot;
  readonly month: number;
  /** sets the twins of this swap apart from those of any other */
  readonly tag: string;
  /** catalogue by which raw is rewritten as well, 0 = aggregates only */
  readonly catalogVersion: number;
}

const TWIN_PREFIX = 'next_';

/** Table that holds the new rows until they are swapped in. */
export function twinOf({ slot, month, tag }: Swap, table: string): string {
  return `${TWIN_PREFIX}${slot}_${month}_${tag}_${table}`;
}

/**
 * Brings the twins up to the newest row. May run while the sink streams, again and again: each call adds what is missing.
 * @returns rows of raw that were derived from, over all aggregates
 */
export async function prepareTwins(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  swap: Swap,
): Promise<number> {
  const { slot, month, catalogVersion } = swap;
  const rawTwin = twinOf(swap, RAW_TABLE);
  if (catalogVersion > 0) {
    await alter(context, slot, `CREATE TABLE IF NOT EXISTS ${rawTwin} AS ${RAW_TABLE}`);
    await appendRewritten(context, swap, rawTwin);
  }
  const rawTable = catalogVersion > 0 ? rawTwin : RAW_TABLE;
  const upTo = (await lastRow(context.clickhouse, rawTable, slot))?.offset ?? -1;
  let rows = 0;
  for (const aggregate of aggregates) {
    const target = twinOf(swap, aggregate.table);
    await alter(context, slot, `CREATE TABLE IF NOT EXISTS ${target} AS ${aggregate.table}`);
    const after = await appliedOffset(context.clickhouse, target, slot, upTo);
    if (upTo >= 0) rows += await fill(context, { aggregate, target, rawTable, slot, after, upTo, month });
  }
  return rows;
}

/**
 * Adds what is missing, swaps raw, then the aggregates, and forgets the twins. The caller holds the slot, has drained it and
 * has noted the swap. Every step may be repeated by another claimant: until the swap is noted as done no new row can come.
 * A twin of raw that is gone was swapped in, because it is dropped after all swaps and before anything else.
 */
export async function finishSwap(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  swap: Swap,
): Promise<number> {
  const rawTwin = twinOf(swap, RAW_TABLE);
  let rows = 0;
  if (swap.catalogVersion === 0 || (await tableExists(context.clickhouse, rawTwin))) {
    rows = await prepareTwins(context, aggregates, swap);
    if (swap.catalogVersion > 0) await replacePartition(context, RAW_TABLE, swap);
    for (const { table } of aggregates) await replacePartition(context, table, swap);
  }
  for (const table of [RAW_TABLE, ...aggregates.map((aggregate) => aggregate.table)]) {
    await alter(context, swap.slot, `DROP TABLE IF EXISTS ${twinOf(swap, table)} SYNC`);
  }
  await noteSwap(context, swap, 'done');
  return rows;
}

/** An empty twin empties the partition. Never DROP PARTITION: a late one would find newer rows, a late REPLACE finds no twin. */
async function replacePartition(context: RepairContext, table: string, swap: Swap): Promise<void> {
  const { slot, month } = swap;
  const statement = `ALTER TABLE ${table} REPLACE PARTITION (${slot}, ${month}) FROM ${twinOf(swap, table)}`;
  await alter(context, slot, statement);
}

/** Without effect unless the slot is still owned: a former owner must not hide the swap of its successor. */
export async function noteSwap(
  { clickhouse, owned }: RepairContext,
  { slot, month, tag, catalogVersion }: Swap,
  state: 'swapping' | 'done',
): Promise<void> {
  await clickhouse.command(
    `INSERT INTO rebuilds (slot, ingest_month, tag, catalog_version, state)
     SELECT {slot:UInt16}, {month:UInt32}, {tag:String}, {version:UInt32}, {state:String} WHERE ${FENCE_GUARD}`,
    {
      params: { slot, month, tag, version: catalogVersion, state, ...fenceParams(owned) },
      settings: {
        async_insert: 0,
        insert_deduplicate: 0,
        allow_custom_error_code_in_throwif: 1,
        log_comment: repairComment(clickhouse.database, slot, owned, 'note'),
      },
    },
  );
}

/** Swaps of these slots that were begun and not finished. */
export async function unfinishedSwaps(clickhouse: ClickHouse, slots: readonly Slot[]): Promise<Swap[]> {
  return clickhouse.query<Swap>(
    `SELECT slot, ingest_month AS month, argMax(r.tag, noted_at) AS tag,
            argMax(r.catalog_version, noted_at) AS catalogVersion
     FROM rebuilds AS r WHERE slot IN {slots:Array(UInt16)}
     GROUP BY slot, ingest_month HAVING argMax(state, noted_at) = 'swapping'
     ORDER BY slot, month`,
    { params: { slots } },
  );
}

/** Drops twins that belong to none of the given swaps: what rebuilds that were given up left behind. */
export async function dropForgottenTwins(
  context: RepairContext,
  slots: readonly Slot[],
  kept: readonly Swap[],
): Promise<void> {
  const twins = await context.clickhouse.query<{ name: string }>(
    'SELECT name FROM system.tables WHERE database = {database:String} AND startsWith(name, {prefix:String})',
    { params: { database: context.clickhouse.database, prefix: TWIN_PREFIX } },
  );
  for (const { name } of twins) {
    const slot = Number(name.split('_')[1]);
    if (!slots.includes(slot) || kept.some((swap) => name.startsWith(twinOf(swap, '')))) continue;
    await alter(context, slot, `DROP TABLE IF EXISTS ${name} SYNC`);
  }
}

async function tableExists(clickhouse: ClickHouse, table: string): Promise<boolean> {
  const [row] = await clickhouse.query<{ there: number }>(
    'SELECT count() > 0 AS there FROM system.tables WHERE database = {database:String} AND name = {table:String}',
    { params: { database: clickhouse.database, table } },
  );
  return row?.there === 1;
}

async function alter(
  { clickhouse, settings, owned }: RepairContext,
  slot: Slot,
  statement: string,
): Promise<void> {
  await clickhouse.command(statement, {
    settings: { ...settings, log_comment: repairComment(clickhouse.database, slot, owned, 'alter') },
  });
}
