import type { Clock } from '../core/clock.ts';
import type { RepairContext } from './chunks.ts';
import type { ClickHouse, Settings } from './connection.ts';
import { readDeliverySettings } from './delivery-settings.ts';
import { assertOwned, drain, isFenced, type Ownership, REBUILD_LOCK, takeEpoch } from './fence.ts';
import type { Slot } from './sink-store.ts';

export interface DrainLimits {
  /** a former owner's statements get this long to end by themselves before they are killed */
  readonly graceMs: number;
  readonly timeoutMs: number;
}

/** Below the consumer group's rebalance time-out of 60 s, with time left for the repair. */
export const DEFAULT_DRAIN: DrainLimits = { graceMs: 2_000, timeoutMs: 20_000 };

/** What it takes to own slots. */
export interface OwnerOptions {
  readonly clickhouse: ClickHouse;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly limits: DrainLimits;
}

export async function ownerOptions(clickhouse: ClickHouse, clock: Clock): Promise<OwnerOptions> {
  return { clickhouse, settings: await readDeliverySettings(clickhouse), clock, limits: DEFAULT_DRAIN };
}

/**
 * One rebuild, rewind or retention at a time: the newest wins, and what the one before it still has on the way is waited for.
 * What they prepare beside the sink carries this lock alone, so that a claim does not wait for it.
 */
export async function takeRebuildLock({ clickhouse, clock, limits }: OwnerOptions): Promise<Ownership> {
  const epoch = await takeEpoch(clickhouse, [REBUILD_LOCK]);
  await drain(clickhouse, [REBUILD_LOCK], { clock, ...limits });
  return { slot: REBUILD_LOCK, epoch };
}

const ATTEMPTS = 10;

/**
 * Runs work as the owner of a slot; a sink that streams is thereby fenced and claims again, possibly in the middle of the
 * work, which is then repeated. With a lock, the work owns that as well, and gives up when the lock is lost.
 */
export async function underFence<T>(
  { clickhouse, settings, clock, limits }: OwnerOptions,
  slot: Slot,
  work: (context: RepairContext) => Promise<T>,
  lock: readonly Ownership[] = [],
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    await assertOwned(clickhouse, lock);
    const epoch = await takeEpoch(clickhouse, [slot]);
    await drain(clickhouse, [slot], { clock, ...limits });
    try {
      return await work({ clickhouse, settings, owned: [{ slot, epoch }, ...lock] });
    } catch (thrown) {
      if (!isFenced(thrown) || attempt === ATTEMPTS) throw thrown;
    }
  }
}
