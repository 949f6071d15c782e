import { type Aggregate, RAW_TABLE } from './aggregates.ts';
import { appliedOffset, type LastRow, lastRow, monthsAhead } from './applied-offset.ts';
import type { RepairContext } from './chunks.ts';
import { fill } from './fill.ts';
import type { Slot } from './sink-store.ts';
import { finishSwap, noteSwap, unfinishedSwaps } from './swap.ts';

export interface Repair {
  readonly table: string;
  readonly kind: 'filled' | 'rebuilt';
  /** rows of raw it was derived from */
  readonly rows: number;
}

export interface Recovered {
  readonly last: LastRow | null;
  readonly repairs: readonly Repair[];
}

/**
 * Brings every aggregate of a slot to exactly what its view makes of raw, whatever a crash left. The caller holds the slot's
 * newest epoch and has drained it. Killed anywhere, the next call does the rest.
 *
 * An aggregate's highest applied_offset says where it stands, because its rows and that number came in by one rename:
 * below raw's last row it is filled from raw; above it, raw has lost rows that the log will bring again, and the months
 * that hold more than raw are derived anew.
 */
export async function recoverSlot(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slot: Slot,
): Promise<Recovered> {
  const { clickhouse } = context;
  const repairs: Repair[] = [];
  for (const swap of await unfinishedSwaps(clickhouse, [slot])) {
    const rows = await finishSwap(context, aggregates, swap);
    repairs.push(...aggregates.map(({ table }) => ({ table, kind: 'rebuilt' as const, rows })));
  }
  const last = await lastRow(clickhouse, RAW_TABLE, slot);
  const lastOffset = last?.offset ?? -1;
  const applied = () =>
    Promise.all(aggregates.map(({ table }) => appliedOffset(clickhouse, table, slot, lastOffset)));
  let standing = await applied();
  if (standing.some((offset) => offset > lastOffset)) {
    repairs.push(...(await rebuildAhead(context, aggregates, slot, lastOffset)));
    standing = await applied();
  }
  for (const [i, aggregate] of aggregates.entries()) {
    const after = standing[i]!;
    if (after >= lastOffset) continue;
    const { table } = aggregate;
    const run = { rawTable: RAW_TABLE, slot, after, upTo: lastOffset, month: null };
    const rows = await fill(context, { ...run, aggregate, target: table });
    if (rows > 0) repairs.push({ table, kind: 'filled', rows });
  }
  return { last, repairs };
}

async function rebuildAhead(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slot: Slot,
  lastOffset: number,
): Promise<Repair[]> {
  const ahead = await Promise.all(
    aggregates.map(({ table }) => monthsAhead(context.clickhouse, table, slot, lastOffset)),
  );
  const months = [...new Set(ahead.flat())].sort((a, b) => a - b);
  const repairs: Repair[] = [];
  for (const month of months) {
    const rows = await rebuildMonth(context, aggregates, slot, month);
    repairs.push(...aggregates.map(({ table }) => ({ table, kind: 'rebuilt' as const, rows })));
  }
  return repairs;
}

/** Derives one month of all aggregates anew, all of it under the fence. */
export async function rebuildMonth(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slot: Slot,
  month: number,
): Promise<number> {
  const swap = { slot, month, tag: `e${context.owned[0]!.epoch}`, catalogVersion: 0 };
  await noteSwap(context, swap, 'swapping');
  return finishSwap(context, aggregates, swap);
}
