import type { Clock } from '../core/clock.ts';
import type { RepairContext } from './chunks.ts';
import type { ClickHouse, Settings } from './connection.ts';
import { readDeliverySettings } from './delivery-settings.ts';
import { drain, isFenced, takeEpoch } from './fence.ts';
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

const ATTEMPTS = 10;

/**
 * Runs work as the owner of a slot; a sink that streams is thereby fenced and claims again, possibly in the middle of the
 * work, which is then repeated.
 */
export async function underFence<T>(
  { clickhouse, settings, clock, limits }: OwnerOptions,
  slot: Slot,
  work: (context: RepairContext) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const epoch = await takeEpoch(clickhouse, [slot]);
    await drain(clickhouse, [slot], { clock, ...limits });
    try {
      return await work({ clickhouse, settings, owned: [{ slot, epoch }] });
    } catch (thrown) {
      if (!isFenced(thrown) || attempt === ATTEMPTS) throw thrown;
    }
  }
}
