import { type Aggregate, RAW_TABLE } from './aggregates.ts';
import type { RepairContext } from './chunks.ts';
import { fill } from './fill.ts';
import type { Slot } from './sink-store.ts';
import { type LastRow, monthsAhead, readStanding, type Standing } from './standing.ts';
import { finishSwap, noteSwap, unfinishedSwaps } from './swap.ts';

export interface Repair {
  readonly table: string;
  readonly kind: 'filled' | 'rebuilt';
  /** rows of raw it was derived from */
  readonly rows: number;
}

export interface RecoveredSlot {
  readonly slot: Slot;
  readonly last: LastRow | null;
  readonly repairs: readonly Repair[];
}

/**
 * Brings every aggregate of these slots to exactly what its view makes of raw, whatever a crash left. The caller holds their
 * newest epoch and has drained them. Killed anywhere, the next call does the rest.
 *
 * An aggregate's highest applied_offset says where it stands, because its rows and that number came in by one rename:
 * below raw's last row it is filled from raw; above it, raw has lost rows that the log will bring again, and the months
 * that hold more than raw are derived anew.
 */
export async function recoverSlots(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slots: readonly Slot[],
): Promise<RecoveredSlot[]> {
  const repairs = new Map<Slot, Repair[]>(slots.map((slot) => [slot, []]));
  for (const swap of await unfinishedSwaps(context.clickhouse, slots)) {
    const rows = await finishSwap(context, aggregates, swap);
    repairs.get(swap.slot)!.push(...allRebuilt(aggregates, rows));
  }
  let standing = await readStanding(context.clickhouse, aggregates, slots);
  const ahead = slots.filter((slot) => isAhead(standing.get(slot)!));
  for (const slot of ahead) {
    repairs.get(slot)!.push(...(await rebuildAhead(context, aggregates, slot, standing.get(slot)!)));
  }
  if (ahead.length > 0) standing = await readStanding(context.clickhouse, aggregates, slots);
  for (const slot of slots) {
    repairs.get(slot)!.push(...(await fillBehind(context, aggregates, slot, standing.get(slot)!)));
  }
  return slots.map((slot) => ({ slot, last: standing.get(slot)!.last, repairs: repairs.get(slot)! }));
}

export async function recoverSlot(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slot: Slot,
): Promise<RecoveredSlot> {
  const [recovered] = await recoverSlots(context, aggregates, [slot]);
  return recovered!;
}

const positionOf = ({ last }: Standing) => last?.offset ?? -1;
const isAhead = (standing: Standing) => standing.applied.some((offset) => offset > positionOf(standing));
const allRebuilt = (aggregates: readonly Aggregate[], rows: number): Repair[] =>
  aggregates.map(({ table }) => ({ table, kind: 'rebuilt', rows }));

async function fillBehind(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slot: Slot,
  standing: Standing,
): Promise<Repair[]> {
  const repairs: Repair[] = [];
  const upTo = positionOf(standing);
  for (const [i, aggregate] of aggregates.entries()) {
    const after = standing.applied[i]!;
    if (after >= upTo) continue;
    const { table } = aggregate;
    const run = { rawTable: RAW_TABLE, slot, after, upTo, month: null };
    const rows = await fill(context, { ...run, aggregate, target: table });
    if (rows > 0) repairs.push({ table, kind: 'filled', rows });
  }
  return repairs;
}

async function rebuildAhead(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slot: Slot,
  standing: Standing,
): Promise<Repair[]> {
  const ahead = await Promise.all(
    aggregates.map(({ table }) => monthsAhead(context.clickhouse, table, slot, positionOf(standing))),
  );
  const repairs: Repair[] = [];
  for (const month of [...new Set(ahead.flat())].sort((a, b) => a - b)) {
    repairs.push(...allRebuilt(aggregates, await rebuildMonth(context, aggregates, slot, month)));
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
  const tag = `e${context.owned[0]!.epoch}`;
  const swap = { slot, month, tag, catalogVersion: 0, keepBelow: null };
  await noteSwap(context, swap, 'swapping');
  return finishSwap(context, aggregates, swap);
}
