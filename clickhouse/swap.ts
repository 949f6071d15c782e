import { type Aggregate, RAW_TABLE } from './aggregates.ts';
import type { RepairContext } from './chunks.ts';
import type { ClickHouse } from './connection.ts';
import { fill } from './fill.ts';
import { alterOwned } from './owned-statements.ts';
import { appendToRawTwin, isSoundTwin } from './raw-twin.ts';
import { SCRATCH_PREFIXES, tablesNamed } from './scratch-tables.ts';
import { isSealed, readSeals } from './seals.ts';
import type { Slot } from './sink-store.ts';
import { appliedOffsets, lastOffset } from './standing.ts';
import { noteSwaps, replacesRaw, type Swap, unfinishedSwaps } from './swap-notes.ts';

/** Table that holds the new rows until they are swapped in. */
export function twinOf({ slot, month, tag }: Swap, table: string): string {
  return `${SCRATCH_PREFIXES.twin}${slot}_${month}_${tag}_${table}`;
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
  const { clickhouse } = context;
  const sources = [...(replacesRaw(swap) ? [RAW_TABLE] : []), ...aggregates.map(({ table }) => table)];
  await alterOwned(
    context,
    sources.map((table) => `CREATE TABLE IF NOT EXISTS ${twinOf(swap, table)} AS ${table}`),
  );
  const rawTable = replacesRaw(swap) ? twinOf(swap, RAW_TABLE) : RAW_TABLE;
  if (replacesRaw(swap)) await appendToRawTwin(context, swap, rawTable);
  const upTo = await lastOffset(clickhouse, rawTable, slot);
  const tables = aggregates.map(({ table }) => twinOf(swap, table));
  const applied = await appliedOffsets(
    clickhouse,
    tables.map((table) => ({ slot, table, near: upTo })),
  );
  const targets = aggregates.map((aggregate, i) => ({ aggregate, table: tables[i]!, after: applied[i]! }));
  const rows = await fill(context, { rawTable, slot, upTo, month }, targets);
  return rows.reduce((sum, one) => sum + one, 0);
}

export interface FinishedSwap {
  /** rows of raw that were derived from, over all aggregates */
  readonly rows: number;
  /** false: raw should have been replaced and was left as it is */
  readonly isWhole: boolean;
}

/**
 * Adds what is missing and swaps. The caller holds the slot, has drained it and has noted the swap. Every step may be repeated
 * by another claimant: until the swap is noted as done no new row can come.
 */
export async function finishSwap(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  swap: Swap,
): Promise<FinishedSwap> {
  const { clickhouse } = context;
  if (isSealed(await readSeals(clickhouse, [swap.slot]), swap.slot, swap.month)) {
    await forget(context, aggregates, swap);
    return { rows: 0, isWhole: true };
  }
  if (!(await hasRawTwin(clickhouse, swap))) return followRaw(context, aggregates, swap);
  const rows = await prepareTwins(context, aggregates, swap);
  if (replacesRaw(swap) && !(await isSoundTwin(clickhouse, swap, twinOf(swap, RAW_TABLE)))) {
    return followRaw(context, aggregates, swap);
  }
  await swapIn(context, aggregates, swap);
  return { rows, isWhole: true };
}

/** Also true where none is needed. */
export async function hasRawTwin(clickhouse: ClickHouse, swap: Swap): Promise<boolean> {
  if (!replacesRaw(swap)) return true;
  const [row] = await clickhouse.query<{ there: number }>(
    'SELECT count() > 0 AS there FROM system.tables WHERE database = {database:String} AND name = {table:String}',
    { params: { database: clickhouse.database, table: twinOf(swap, RAW_TABLE) } },
  );
  return row?.there === 1;
}

/** Raw, then the aggregates, then the twins are forgotten. */
async function swapIn(context: RepairContext, aggregates: readonly Aggregate[], swap: Swap): Promise<void> {
  if (replacesRaw(swap)) await replacePartition(context, RAW_TABLE, swap);
  for (const { table } of aggregates) await replacePartition(context, table, swap);
  await forget(context, aggregates, swap);
}

/**
 * The twin of raw is gone, because it was swapped in, or it is not sound: raw stands as it is, and the aggregates are derived
 * from that. The twin of raw is never made a second time: a late REPLACE of a former owner would swap in half of it.
 */
async function followRaw(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  swap: Swap,
): Promise<FinishedSwap> {
  await dropTwins(context, aggregates, swap);
  const aggregatesOnly = { ...swap, catalogVersion: 0, keepBelow: null };
  const rows = await prepareTwins(context, aggregates, aggregatesOnly);
  await swapIn(context, aggregates, aggregatesOnly);
  return { rows, isWhole: false };
}

async function forget(context: RepairContext, aggregates: readonly Aggregate[], swap: Swap): Promise<void> {
  await dropTwins(context, aggregates, swap);
  await noteSwaps(context, [swap], 'done');
}

/** Raw's first: while it is there, the others hold what was derived from it. */
async function dropTwins(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  swap: Swap,
): Promise<void> {
  const tables = [RAW_TABLE, ...aggregates.map(({ table }) => table)];
  await alterOwned(
    context,
    tables.map((table) => `DROP TABLE IF EXISTS ${twinOf(swap, table)} SYNC`),
  );
}

/** An empty twin empties the partition. Never DROP PARTITION: a late one would find newer rows, a late REPLACE finds no twin. */
async function replacePartition(context: RepairContext, table: string, swap: Swap): Promise<void> {
  const { slot, month } = swap;
  await alterOwned(
    context,
    [`ALTER TABLE ${table} REPLACE PARTITION ({slot:UInt16}, {month:UInt32}) FROM ${twinOf(swap, table)}`],
    { slot, month },
  );
}

/**
 * Drops the twins of these slots that belong to no swap under way: of runs that died, or that a loss in raw has made wrong.
 * Unfinished swaps are read after the list of twins: one that is noted meanwhile was noted before its twins were made, or by
 * the holder of the rebuild lock.
 */
export async function dropForgottenTwins(context: RepairContext, slots: readonly Slot[]): Promise<void> {
  const { clickhouse } = context;
  for (const slot of slots) {
    const twins = await tablesNamed(clickhouse, `${SCRATCH_PREFIXES.twin}${slot}_`);
    const unfinished = twins.length === 0 ? [] : await unfinishedSwaps(clickhouse, [slot]);
    const forgotten = twins.filter((name) => !unfinished.some((swap) => name.startsWith(twinOf(swap, ''))));
    await alterOwned(
      context,
      forgotten.map((name) => `DROP TABLE IF EXISTS ${name} SYNC`),
    );
  }
}
