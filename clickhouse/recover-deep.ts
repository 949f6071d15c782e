import { describeAggregates } from './aggregates.ts';
import { audit } from './audit.ts';
import type { Gap } from './gaps.ts';
import { rebuildMonth, type SlotMonth, startRebuilding } from './rebuild.ts';
import { type Repair, recoverSlot } from './recover.ts';
import type { Slot } from './sink-store.ts';
import { type OwnerOptions, underFence } from './under-fence.ts';

export interface DeepReport {
  readonly slot: Slot;
  readonly gaps: readonly Gap[];
  readonly repairs: readonly Repair[];
  /** months that differ from raw and were left as they are, because raw has holes: the aggregates may be what is right */
  readonly kept: readonly number[];
}

/** Ordinary recovery of each slot. */
export async function recoverPlain(options: OwnerOptions, slots: readonly Slot[]): Promise<DeepReport[]> {
  const aggregates = await describeAggregates(options.clickhouse);
  const reports: DeepReport[] = [];
  for (const slot of slots) {
    const { repairs } = await underFence(options, slot, (context) => recoverSlot(context, aggregates, slot));
    reports.push({ slot, gaps: [], repairs, kept: [] });
  }
  return reports;
}

/**
 * What ordinary recovery cannot see: holes behind the position, left by an engine that lost rows it had acknowledged. After it
 * an audit tells which months differ, in any key, and they are derived anew beside the sink. Holes in raw are reported: only
 * the log can fill them, see `rewind`. In a slot that has one nothing is derived from raw, unless `despiteGaps`: an aggregate
 * that is right would lose what raw lost.
 */
export async function recoverDeep(
  options: OwnerOptions,
  slots: readonly Slot[],
  { despiteGaps = false }: { readonly despiteGaps?: boolean } = {},
): Promise<DeepReport[]> {
  const aggregates = await describeAggregates(options.clickhouse);
  const plain = await recoverPlain(options, slots);
  const lock = await startRebuilding(options, aggregates, slots);
  const { gaps, tables } = await audit(options.clickhouse, slots);
  const reports: DeepReport[] = [];
  for (const { slot, repairs } of plain) {
    const own = gaps.filter((gap) => gap.slot === slot);
    const wrong = tables.flatMap(({ table, months }) =>
      months.filter((one) => one.slot === slot).map(({ month }) => ({ table, slot, month })),
    );
    const months = [...new Set(wrong.map(({ month }) => month))].sort((a, b) => a - b);
    const isLeft = own.length > 0 && !despiteGaps;
    const rebuilt: Repair[] = [];
    for (const month of isLeft ? [] : months) {
      const rows = await rebuildMonth(options, lock, aggregates, { slot, month });
      rebuilt.push(...tablesOf(wrong, month).map((table) => ({ table, kind: 'rebuilt' as const, rows })));
    }
    reports.push({ slot, gaps: own, repairs: [...repairs, ...rebuilt], kept: isLeft ? months : [] });
  }
  return reports;
}

function tablesOf(wrong: readonly (SlotMonth & { readonly table: string })[], month: number): string[] {
  return wrong.filter((one) => one.month === month).map(({ table }) => table);
}
