import { ReelstreamError } from '../core/errors.ts';
import { type Aggregate, describeAggregates, RAW_TABLE } from './aggregates.ts';
import type { ClickHouse } from './connection.ts';
import type { Ownership } from './fence.ts';
import { recoverSlot } from './recover.ts';
import { isSealed, readSeals } from './seals.ts';
import type { Slot } from './sink-store.ts';
import { dropForgottenTwins } from './swap.ts';
import { unfinishedSwaps } from './swap-notes.ts';
import { swapOnline } from './swap-online.ts';
import { type OwnerOptions, takeRebuildLock, underFence } from './under-fence.ts';

export interface RebuildOptions extends OwnerOptions {
  readonly slots: readonly Slot[];
  /** rewrite raw's genre and company ids by this catalogue as well, 0 = aggregates only */
  readonly catalogVersion: number;
  /** months of ingest as 202601, both inclusive; null = all */
  readonly fromMonth: number | null;
  readonly toMonth: number | null;
  readonly onMonth?: (slot: Slot, month: number) => void;
}

export interface SlotMonth {
  readonly slot: Slot;
  readonly month: number;
}

/**
 * Derives months anew while the sink streams and readers read, one slot's month after the other, see `swapOnline`.
 * Interrupted, a catalogue rebuild goes on where it stopped: months whose rows all carry the version are done. Sealed months
 * are left alone.
 * @throws ReelstreamError `fenced` when another rebuild, rewind or retention was started; else as `swapOnline`
 */
export async function rebuild(options: RebuildOptions): Promise<SlotMonth[]> {
  const { slots, catalogVersion, onMonth } = options;
  const aggregates = await describeAggregates(options.clickhouse);
  const lock = await startRebuilding(options, aggregates, slots);
  const rebuilt: SlotMonth[] = [];
  for (const { slot, month } of await monthsToRebuild(options)) {
    onMonth?.(slot, month);
    await rebuildMonth(options, lock, aggregates, { slot, month }, catalogVersion);
    rebuilt.push({ slot, month });
  }
  return rebuilt;
}

/** Takes the lock, and clears away what a run before has left half done. */
export async function startRebuilding(
  options: OwnerOptions,
  aggregates: readonly Aggregate[],
  slots: readonly Slot[],
): Promise<Ownership> {
  const { clickhouse, settings } = options;
  const lock = await takeRebuildLock(options);
  for (const { slot } of await unfinishedSwaps(clickhouse, slots)) {
    await underFence(options, slot, (context) => recoverSlot(context, aggregates, slot), [lock]);
  }
  await dropForgottenTwins({ clickhouse, settings, owned: [lock] }, slots);
  return lock;
}

/** @returns rows of raw that were derived from, over all aggregates */
export async function rebuildMonth(
  options: OwnerOptions,
  lock: Ownership,
  aggregates: readonly Aggregate[],
  { slot, month }: SlotMonth,
  catalogVersion = 0,
): Promise<number> {
  const swap = { slot, month, tag: `r${lock.epoch}`, catalogVersion, keepBelow: null };
  return swapOnline(options, lock, aggregates, {
    slot,
    swaps: async () => ((await isSealedNow(options.clickhouse, slot, month)) ? [] : [swap]),
  });
}

async function isSealedNow(clickhouse: ClickHouse, slot: Slot, month: number): Promise<boolean> {
  return isSealed(await readSeals(clickhouse, [slot]), slot, month);
}

async function monthsToRebuild(options: RebuildOptions): Promise<SlotMonth[]> {
  const { clickhouse, slots, catalogVersion, fromMonth, toMonth } = options;
  return clickhouse.query<SlotMonth>(
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
