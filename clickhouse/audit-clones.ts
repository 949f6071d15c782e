import { systemClock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import { type Aggregate, RAW_TABLE } from './aggregates.ts';
import type { RepairContext } from './chunks.ts';
import type { ClickHouse } from './connection.ts';
import { fill } from './fill.ts';
import { dropTablesNamed } from './scratch-tables.ts';
import { isSealed, readSeals, type Seal, sealedOffset } from './seals.ts';
import type { Slot } from './sink-store.ts';
import { readStanding, type TableName } from './standing.ts';
import { countNotes, unfinishedSwaps } from './swap-notes.ts';

export interface Clones {
  /** months that were left out: they have no raw to be compared with */
  readonly seals: readonly Seal[];
  /** slots in the middle of a swap that did not end while we waited */
  readonly unfinished: readonly Slot[];
}

const ATTEMPTS = 20;
const RETRY_MS = 250;

/**
 * Clones the slots' partitions by hard links, aggregates first and then raw, so that raw is the newest. A month that is sealed
 * or swapped meanwhile is another one in an aggregate's clone than in raw's, so then it is all done again.
 */
export async function cloneTables(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  cloneOf: TableName,
  slots: readonly Slot[],
): Promise<Clones> {
  const { clickhouse } = context;
  const tables = [...aggregates.map(({ table }) => table), RAW_TABLE];
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt === ATTEMPTS;
    const before = await readState(clickhouse, slots);
    if (before.swaps.length === 0 || isLast) {
      for (const table of tables) {
        await clickhouse.command(`CREATE TABLE ${cloneOf(table)} AS ${table}`);
        await clonePartitions(clickhouse, table, cloneOf(table), slots, before.seals);
      }
      const after = await readState(clickhouse, slots);
      const isStill = after.notes === before.notes && after.seals.length === before.seals.length;
      if (isStill) return { seals: before.seals, unfinished: before.swaps.map(({ slot }) => slot) };
      if (isLast) throw new ReelstreamError('unavailable', 'months are swapped all the time: audit later');
      await dropTablesNamed(clickhouse, cloneOf(''));
    }
    await systemClock.sleep(RETRY_MS);
  }
}

async function readState(clickhouse: ClickHouse, slots: readonly Slot[]) {
  const [seals, swaps, notes] = await Promise.all([
    readSeals(clickhouse, slots),
    unfinishedSwaps(clickhouse, slots),
    countNotes(clickhouse, slots),
  ]);
  return { seals, swaps, notes };
}

/**
 * The newest month first: a row of an older month that comes in between is then in the older clone, and no clone is newer
 * than what it lacks.
 */
async function clonePartitions(
  clickhouse: ClickHouse,
  table: string,
  clone: string,
  slots: readonly Slot[],
  seals: readonly Seal[],
): Promise<void> {
  const open = (await partitionsOf(clickhouse, table, slots)).filter(
    ({ slot, month }) => !isSealed(seals, slot, month),
  );
  if (open.length === 0) return;
  // one statement carries them out one after the other
  const attach = open.map((_, i) => `ATTACH PARTITION ID {id_${i}:String} FROM ${table}`);
  await clickhouse.command(`ALTER TABLE ${clone} ${attach.join(', ')}`, {
    params: Object.fromEntries(open.map(({ id }, i) => [`id_${i}`, id])),
  });
}

async function partitionsOf(clickhouse: ClickHouse, table: string, slots: readonly Slot[]) {
  return clickhouse.query<{ id: string; slot: Slot; month: number }>(
    `SELECT DISTINCT partition_id AS id,
            toUInt16OrZero(splitByChar('-', id)[1]) AS slot, toUInt32OrZero(splitByChar('-', id)[2]) AS month
     FROM system.parts
     WHERE database = {database:String} AND table = {table:String} AND active AND slot IN {slots:Array(UInt16)}
     ORDER BY month DESC`,
    { params: { database: clickhouse.database, table, slots } },
  );
}

/** The clones are as a crash would leave the tables: aggregates may be behind. */
export async function recoverClones(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  cloneOf: TableName,
  slots: readonly Slot[],
  seals: readonly Seal[],
): Promise<void> {
  const rawTable = cloneOf(RAW_TABLE);
  const standing = await readStanding(context.clickhouse, aggregates, slots, cloneOf);
  for (const [slot, { last, applied }] of standing) {
    const sealedTo = sealedOffset(seals, slot);
    const targets = aggregates.map((aggregate, i) => ({
      aggregate,
      table: cloneOf(aggregate.table),
      after: Math.max(applied[i]!, sealedTo),
    }));
    await fill(context, { rawTable, slot, upTo: last?.offset ?? -1, month: null }, targets);
  }
}
