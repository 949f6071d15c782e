import { ReelstreamError } from '../core/errors.ts';
import { type Aggregate, describeAggregates, RAW_TABLE } from './aggregates.ts';
import type { RepairContext } from './chunks.ts';
import { drain, fencedError, lostSlots, REBUILD_LOCK, takeEpoch } from './fence.ts';
import { recoverSlot } from './recover.ts';
import type { Slot } from './sink-store.ts';
import {
  dropForgottenTwins,
  finishSwap,
  noteSwap,
  prepareTwins,
  type Swap,
  unfinishedSwaps,
} from './swap.ts';
import { type OwnerOptions, underFence } from './under-fence.ts';

export interface RebuildOptions extends OwnerOptions {
  readonly slots: readonly Slot[];
  /** rewrite raw's genre and company ids by this catalogue as well, 0 = aggregates only */
  readonly catalogVersion: number;
  /** months of ingest as 202601, both inclusive; null = all */
  readonly fromMonth: number | null;
  readonly toMonth: number | null;
  readonly onMonth?: (slot: Slot, month: number) => void;
}

export interface RebuiltMonth {
  readonly slot: Slot;
  readonly month: number;
}

/**
 * Derives months anew while the sink streams and readers read. Per slot and month: twins are filled from raw up to the newest
 * row, again until little is left; then the slot is taken over, the swap is noted, the rest added and everything swapped.
 * If the sink takes its slot back in between, it finishes the swap, because claiming does. Interrupted, a catalogue rebuild
 * goes on where it stopped; months whose rows all carry the version are done. Sealed months are left alone.
 * @throws ReelstreamError `fenced` when another rebuild was started
 */
export async function rebuild(options: RebuildOptions): Promise<RebuiltMonth[]> {
  const { clickhouse, settings, clock, limits, slots, catalogVersion, onMonth } = options;
  const aggregates = await describeAggregates(clickhouse);
  const lock = { slot: REBUILD_LOCK, epoch: await takeEpoch(clickhouse, [REBUILD_LOCK]) };
  await drain(clickhouse, [REBUILD_LOCK], { clock, ...limits });
  const context: RepairContext = { clickhouse, settings, owned: [lock] };
  const tag = catalogVersion > 0 ? `c${catalogVersion}` : `r${lock.epoch}`;
  for (const { slot } of await unfinishedSwaps(clickhouse, slots)) {
    await underFence(options, slot, (owned) => recoverSlot(owned, aggregates, slot));
  }
  await dropForgottenTwins(context, slots, tag);
  const rebuilt: RebuiltMonth[] = [];
  for (const { slot, month } of await monthsToRebuild(options)) {
    onMonth?.(slot, month);
    await rebuildMonthOnline(options, context, aggregates, {
      slot,
      month,
      tag,
      catalogVersion,
      keepBelow: null,
    });
    rebuilt.push({ slot, month });
  }
  return rebuilt;
}

/** Rows left for the time under the fence: a fraction of a second's work. */
const LITTLE_ROWS = 20_000;
const PREPARATIONS = 5;

async function rebuildMonthOnline(
  options: RebuildOptions,
  context: RepairContext,
  aggregates: readonly Aggregate[],
  swap: Swap,
): Promise<void> {
  for (let i = 0; i < PREPARATIONS; i++) {
    if ((await prepareTwins(context, aggregates, swap)) <= LITTLE_ROWS * aggregates.length) break;
  }
  await swapUnderFence(options, aggregates, swap);
}

/** Notes the swap under a new epoch and finishes it, or sees to it that its new owner did. */
async function swapUnderFence(
  options: OwnerOptions,
  aggregates: readonly Aggregate[],
  swap: Swap,
): Promise<void> {
  await underFence(options, swap.slot, async (owned) => {
    await noteSwap(owned, swap, 'swapping');
    try {
      await finishSwap(owned, aggregates, swap);
    } catch (thrown) {
      const lost = await lostSlots(options.clickhouse, owned.owned);
      if (lost.length === 0) throw thrown;
      if (!(await isFinished(options, swap))) throw fencedError(lost, thrown);
    }
  });
}

const POLL_INTERVAL_MS = 100;

/** Whoever took the slot is finishing the swap at this moment, because claiming does. */
async function isFinished(
  { clickhouse, clock, limits }: OwnerOptions,
  { slot, month }: Swap,
): Promise<boolean> {
  const startedMs = clock.monotonicMs();
  while (clock.monotonicMs() - startedMs < limits.timeoutMs) {
    const unfinished = await unfinishedSwaps(clickhouse, [slot]);
    if (!unfinished.some((swap) => swap.month === month)) return true;
    await clock.sleep(POLL_INTERVAL_MS);
  }
  return false;
}

async function monthsToRebuild(options: RebuildOptions): Promise<RebuiltMonth[]> {
  const { clickhouse, slots, catalogVersion, fromMonth, toMonth } = options;
  return clickhouse.query<RebuiltMonth>(
    `SELECT slot, toYYYYMM(ingested_at) AS month FROM ${RAW_TABLE}
     WHERE slot IN {slots:Array(UInt16)} AND month BETWEEN {from:UInt32} AND {to:UInt32}
       AND (slot, month) NOT IN (SELECT slot, ingest_month FROM sealed_months)
       AND ({version:UInt32} = 0 OR catalog_version != {version:UInt32})
     GROUP BY slot, month ORDER BY slot, month`,
    { params: { slots, from: fromMonth ?? 0, to: toMonth ?? 999_999, version: catalogVersion } },
  );
}

/** @throws ReelstreamError `usage` for a text that is not a month */
export function parseMonth(text: string): number {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text);
  if (!match) throw new ReelstreamError('usage', `"${text}" is not a month; write for example 2026-01`);
  return Number(match[1]) * 100 + Number(match[2]);
}
