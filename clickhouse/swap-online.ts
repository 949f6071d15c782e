import { ReelstreamError } from '../core/errors.ts';
import type { Aggregate } from './aggregates.ts';
import type { RepairContext } from './chunks.ts';
import { assertOwned, fencedError, lostSlots, type Ownership } from './fence.ts';
import { recoverSlot } from './recover.ts';
import type { Slot } from './sink-store.ts';
import { finishSwap, hasRawTwin, prepareTwins } from './swap.ts';
import { noteSwaps, type Swap, unfinishedSwaps } from './swap-notes.ts';
import { type OwnerOptions, underFence } from './under-fence.ts';

export interface OnlineSwap {
  readonly slot: Slot;
  /** what to swap together; asked before the preparation and again under the fence, when nothing moves any more */
  readonly swaps: () => Promise<Swap[]>;
}

/** Rows left for the time under the fence: a fraction of a second's work. */
const LITTLE_ROWS = 20_000;
const PREPARATIONS = 5;

/**
 * Swaps months of a slot while the sink streams and readers read. Twins are filled beside it up to the newest row, again until
 * little is left; then the slot is taken over and recovered, the swaps are noted, the rest is added and everything swapped. If
 * the sink takes its slot back in between, it finishes the swaps, because claiming does. Recovered first, because a swapped
 * month moves applied_offset, and that would hide what an aggregate still lacks of the months before.
 * @returns rows of raw that were derived from, over all aggregates
 * @throws ReelstreamError `fenced` when the lock was lost; `clickhouse` when what was prepared could not be used
 */
export async function swapOnline(
  options: OwnerOptions,
  lock: Ownership,
  aggregates: readonly Aggregate[],
  { slot, swaps: swapsNow }: OnlineSwap,
): Promise<number> {
  const { clickhouse } = options;
  let rows = await prepareBeside(options, lock, aggregates, await swapsNow());
  let isNoted = false;
  const swapUnderFence = async (context: RepairContext) => {
    await recoverSlot(context, aggregates, slot);
    // a second attempt: the recovery has finished what the first had noted
    if (isNoted) return;
    const swaps = await swapsNow();
    for (const swap of swaps) {
      // recovery drops twins where raw lost rows, and for a swap that is noted no twin of raw is ever made
      if (!(await hasRawTwin(clickhouse, swap))) rows += await prepareTwins(context, aggregates, swap);
    }
    await noteSwaps(context, swaps, 'swapping');
    isNoted = true;
    const left: Swap[] = [];
    try {
      for (const swap of swaps) {
        const finished = await finishSwap(context, aggregates, swap);
        rows += finished.rows;
        if (!finished.isWhole) left.push(swap);
      }
    } catch (thrown) {
      const lost = await lostSlots(clickhouse, context.owned);
      if (lost.length === 0) throw thrown;
      if (!lost.includes(slot) || !(await isFinished(options, slot))) throw fencedError(lost, thrown);
    }
    if (left[0]) throw leftAsItIs(left[0]);
  };
  await underFence(options, slot, swapUnderFence, [lock]);
  return rows;
}

async function prepareBeside(
  { clickhouse, settings }: OwnerOptions,
  lock: Ownership,
  aggregates: readonly Aggregate[],
  swaps: readonly Swap[],
): Promise<number> {
  let rows = 0;
  try {
    for (const swap of swaps) {
      for (let i = 0; i < PREPARATIONS; i++) {
        const added = await prepareTwins({ clickhouse, settings, owned: [lock] }, aggregates, swap);
        rows += added;
        if (added <= LITTLE_ROWS * aggregates.length) break;
      }
    }
    return rows;
  } catch (thrown) {
    // whoever took the lock refuses our statements and drops our twins
    await assertOwned(clickhouse, [lock]);
    throw thrown;
  }
}

function leftAsItIs({ slot, month, catalogVersion }: Swap): ReelstreamError {
  const why = catalogVersion > 0 ? `, or catalogue ${catalogVersion} was dropped by newer loads` : '';
  return new ReelstreamError(
    'clickhouse',
    `month ${month} of slot ${slot} stays as it is: events_raw changed while its new rows were prepared${why}; start again`,
    { details: { slot, month } },
  );
}

const POLL_INTERVAL_MS = 100;

/** Whoever took the slot is finishing the swaps at this moment, because claiming does. */
async function isFinished({ clickhouse, clock, limits }: OwnerOptions, slot: Slot): Promise<boolean> {
  const startedMs = clock.monotonicMs();
  while (clock.monotonicMs() - startedMs < limits.timeoutMs) {
    if ((await unfinishedSwaps(clickhouse, [slot])).length === 0) return true;
    await clock.sleep(POLL_INTERVAL_MS);
  }
  return false;
}
