import { type Aggregate, RAW_TABLE } from './aggregates.ts';
import type { RepairContext } from './chunks.ts';
import { fill } from './fill.ts';
import { type Seal, sealedOffset } from './seals.ts';
import type { Slot } from './sink-store.ts';
import { type LastRow, monthsAhead, readStanding, type Standing } from './standing.ts';
import { dropForgottenTwins, finishSwap } from './swap.ts';
import { noteSwaps, unfinishedSwaps } from './swap-notes.ts';

export interface Repair {
  readonly table: string;
  readonly kind: 'filled' | 'rebuilt';
  /** rows of raw it was derived from */
  readonly rows: number;
}

export interface RecoveredSlot {
  readonly slot: Slot;
  readonly last: LastRow | null;
  /** offset of the last row, or of the last one that was sealed; -1 for none */
  readonly position: number;
  readonly seals: readonly Seal[];
  readonly repairs: readonly Repair[];
}

/**
 * Brings every aggregate of these slots to exactly what its view makes of raw, whatever a crash left. The caller holds their
 * newest epoch and has drained them. Killed anywhere, the next call does the rest.
 *
 * An aggregate's highest applied_offset says where it stands, because its rows and that number came in by one rename:
 * below raw's last row it is filled from raw; above it, raw has lost rows that the log will bring again, and the months
 * that hold more than raw are derived anew. Filled first: a month that is swapped in moves applied_offset, which would hide
 * what an aggregate lacks of the months before.
 */
export async function recoverSlots(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slots: readonly Slot[],
): Promise<RecoveredSlot[]> {
  const { clickhouse } = context;
  const repairs = new Map<Slot, Repair[]>(slots.map((slot) => [slot, []]));
  const [swaps, before] = await Promise.all([
    unfinishedSwaps(clickhouse, slots),
    readStanding(clickhouse, aggregates, slots),
  ]);
  for (const slot of slots) {
    repairs.get(slot)!.push(...(await fillBehind(context, aggregates, slot, before.get(slot)!)));
  }
  for (const swap of swaps) {
    const { rows } = await finishSwap(context, aggregates, swap);
    repairs.get(swap.slot)!.push(...allRebuilt(aggregates, rows));
  }
  const standing = swaps.length === 0 ? before : await readStanding(clickhouse, aggregates, slots);
  for (const slot of slots.filter((one) => isAhead(standing.get(one)!))) {
    repairs.get(slot)!.push(...(await rebuildAhead(context, aggregates, slot, standing.get(slot)!)));
  }
  return slots.map((slot) => {
    const { last, position, seals } = standing.get(slot)!;
    return { slot, last, position, seals, repairs: repairs.get(slot)! };
  });
}

export async function recoverSlot(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slot: Slot,
): Promise<RecoveredSlot> {
  const [recovered] = await recoverSlots(context, aggregates, [slot]);
  return recovered!;
}

const isAhead = ({ applied, position }: Standing) => applied.some((offset) => offset > position);
const allRebuilt = (aggregates: readonly Aggregate[], rows: number): Repair[] =>
  aggregates.map(({ table }) => ({ table, kind: 'rebuilt', rows }));

async function fillBehind(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slot: Slot,
  { applied, position, seals }: Standing,
): Promise<Repair[]> {
  const sealedTo = sealedOffset(seals, slot);
  const targets = aggregates.map((aggregate, i) => ({
    aggregate,
    table: aggregate.table,
    after: Math.max(applied[i]!, sealedTo),
  }));
  const filled = await fill(context, { rawTable: RAW_TABLE, slot, upTo: position, month: null }, targets);
  return targets.flatMap(({ table }, i) => {
    const rows = filled[i]!;
    return rows > 0 ? [{ table, kind: 'filled' as const, rows }] : [];
  });
}

async function rebuildAhead(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slot: Slot,
  { position }: Standing,
): Promise<Repair[]> {
  const ahead = await Promise.all(
    aggregates.map(({ table }) => monthsAhead(context.clickhouse, table, slot, position)),
  );
  // whatever a rebuild has prepared may hold the rows that raw lost
  await dropForgottenTwins(context, [slot]);
  const repairs: Repair[] = [];
  for (const month of [...new Set(ahead.flat())].sort((a, b) => a - b)) {
    repairs.push(...allRebuilt(aggregates, await rebuildMonth(context, aggregates, slot, month)));
  }
  return repairs;
}

/** Derives one month of all aggregates anew, all of it under the fence. */
async function rebuildMonth(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slot: Slot,
  month: number,
): Promise<number> {
  const tag = `e${context.owned[0]!.epoch}`;
  const swap = { slot, month, tag, catalogVersion: 0, keepBelow: null };
  await noteSwaps(context, [swap], 'swapping');
  return (await finishSwap(context, aggregates, swap)).rows;
}
