import { type Aggregate, RAW_TABLE } from './aggregates.ts';
import type { RepairContext } from './chunks.ts';
import type { ClickHouse, QueryParams } from './connection.ts';
import { assertOwned, FENCE_GUARD, fenceParams, ownedComment } from './fence.ts';
import { fill } from './fill.ts';
import { appendToRawTwin } from './raw-twin.ts';
import type { Slot } from './sink-store.ts';
import { appliedOffsets, lastOffset } from './standing.ts';

/** One slot's month that is, or will be, swapped for newly derived rows: a partition of raw and of every aggregate. */
export interface Swap {
  readonly slot: Slot;
  readonly month: number;
  /** sets the twins of this swap apart from those of any other */
  readonly tag: string;
  /** catalogue by which raw is rewritten, 0 = its ids stay */
  readonly catalogVersion: number;
  /** raw loses its rows from this offset on, null = it keeps them */
  readonly keepBelow: number | null;
}

/** Without it, raw stays and only the aggregates are derived anew. */
function replacesRaw({ catalogVersion, keepBelow }: Swap): boolean {
  return catalogVersion > 0 || keepBelow !== null;
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
  const { slot, month } = swap;
  const rawTwin = twinOf(swap, RAW_TABLE);
  if (replacesRaw(swap)) {
    await alter(context, `CREATE TABLE IF NOT EXISTS ${rawTwin} AS ${RAW_TABLE}`);
    await appendToRawTwin(context, swap, rawTwin);
  }
  const rawTable = replacesRaw(swap) ? rawTwin : RAW_TABLE;
  const upTo = await lastOffset(context.clickhouse, rawTable, slot);
  let rows = 0;
  for (const aggregate of aggregates) {
    const target = twinOf(swap, aggregate.table);
    await alter(context, `CREATE TABLE IF NOT EXISTS ${target} AS ${aggregate.table}`);
    const [after] = await appliedOffsets(context.clickhouse, [{ slot, table: target, near: upTo }]);
    if (upTo >= 0)
      rows += await fill(context, { aggregate, target, rawTable, slot, after: after!, upTo, month });
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
  if (!replacesRaw(swap) || (await tableExists(context.clickhouse, rawTwin))) {
    rows = await prepareTwins(context, aggregates, swap);
    if (replacesRaw(swap)) await replacePartition(context, RAW_TABLE, swap);
    for (const { table } of aggregates) await replacePartition(context, table, swap);
  }
  for (const table of [RAW_TABLE, ...aggregates.map((aggregate) => aggregate.table)]) {
    await alter(context, `DROP TABLE IF EXISTS ${twinOf(swap, table)} SYNC`);
  }
  await noteSwap(context, swap, 'done');
  return rows;
}

/** An empty twin empties the partition. Never DROP PARTITION: a late one would find newer rows, a late REPLACE finds no twin. */
async function replacePartition(context: RepairContext, table: string, swap: Swap): Promise<void> {
  const { slot, month } = swap;
  const partition = 'PARTITION ({slot:UInt16}, {month:UInt32})';
  await alter(context, `ALTER TABLE ${table} REPLACE ${partition} FROM ${twinOf(swap, table)}`, {
    slot,
    month,
  });
}

/** Without effect unless the slot is still owned: a former owner must not hide the swap of its successor. */
export async function noteSwap(
  { clickhouse, owned }: RepairContext,
  { slot, month, tag, catalogVersion, keepBelow }: Swap,
  state: 'swapping' | 'done',
): Promise<void> {
  await clickhouse.command(
    `INSERT INTO rebuilds (slot, ingest_month, tag, catalog_version, keep_below, state)
     SELECT {slot:UInt16}, {month:UInt32}, {tag:String}, {version:UInt32}, {keep_below:Nullable(UInt64)}, {state:String}
     WHERE ${FENCE_GUARD}`,
    {
      params: {
        slot,
        month,
        tag,
        version: catalogVersion,
        keep_below: keepBelow,
        state,
        ...fenceParams(owned),
      },
      settings: {
        async_insert: 0,
        insert_deduplicate: 0,
        allow_custom_error_code_in_throwif: 1,
        log_comment: ownedComment(clickhouse.database, owned, 'note'),
      },
    },
  );
}

/** Swaps of these slots that were begun and not finished. */
export async function unfinishedSwaps(clickhouse: ClickHouse, slots: readonly Slot[]): Promise<Swap[]> {
  const rows = await clickhouse.query<Omit<Swap, 'keepBelow'> & { keepBelow: string | null }>(
    `SELECT slot, ingest_month AS month, tag, catalog_version AS catalogVersion, keep_below AS keepBelow
     FROM
     (
       SELECT * FROM rebuilds WHERE slot IN {slots:Array(UInt16)}
       ORDER BY noted_at DESC LIMIT 1 BY slot, ingest_month
     )
     WHERE state = 'swapping' ORDER BY slot, month`,
    { params: { slots } },
  );
  return rows.map((row) => ({ ...row, keepBelow: row.keepBelow === null ? null : Number(row.keepBelow) }));
}

/**
 * Drops the twins of rebuilds that were given up. Kept are those with one of the given tags and those of unfinished swaps,
 * which are read after the twins: a swap is noted before its twins are made.
 */
export async function dropForgottenTwins(
  context: RepairContext,
  slots: readonly Slot[],
  keptTag: string,
): Promise<void> {
  const { clickhouse } = context;
  const twins = await clickhouse.query<{ name: string }>(
    'SELECT name FROM system.tables WHERE database = {database:String} AND startsWith(name, {prefix:String})',
    { params: { database: clickhouse.database, prefix: TWIN_PREFIX } },
  );
  const unfinished = await unfinishedSwaps(clickhouse, slots);
  for (const { name } of twins) {
    const [, slotText, , tag] = name.split('_');
    const slot = Number(slotText);
    const isKept = tag === keptTag || unfinished.some((swap) => name.startsWith(twinOf(swap, '')));
    if (slots.includes(slot) && !isKept) await alter(context, `DROP TABLE IF EXISTS ${name} SYNC`);
  }
}

async function tableExists(clickhouse: ClickHouse, table: string): Promise<boolean> {
  const [row] = await clickhouse.query<{ there: number }>(
    'SELECT count() > 0 AS there FROM system.tables WHERE database = {database:String} AND name = {table:String}',
    { params: { database: clickhouse.database, table } },
  );
  return row?.there === 1;
}

/**
 * DDL cannot carry the guard. Looking first keeps a former owner from disturbing its successor; what slips through finds no
 * twin, or swaps in the very rows that the successor swaps in.
 */
async function alter(
  { clickhouse, settings, owned }: RepairContext,
  statement: string,
  params: QueryParams = {},
): Promise<void> {
  await assertOwned(clickhouse, owned);
  await clickhouse.command(statement, {
    params,
    settings: { ...settings, log_comment: ownedComment(clickhouse.database, owned, 'alter') },
  });
}
