import type { Clock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import { describeAggregates } from './aggregates.ts';
import { type Claim, claimSlots } from './claim.ts';
import type { ClickHouse } from './connection.ts';
import { readDeliverySettings } from './delivery-settings.ts';
import { insertSideBySide } from './insert-side-by-side.ts';
import { readRecentIds } from './recent-ids.ts';
import { isSealed } from './seals.ts';
import type { FencedBatch, SinkStore, Slot } from './sink-store.ts';
import { lineage, noteFirstOffsets, readStreams } from './slots.ts';
import { slotsOf } from './streams.ts';
import { DEFAULT_DRAIN, type DrainLimits } from './under-fence.ts';

export interface SinkStoreOptions {
  readonly clock: Clock;
  /** longest time of one INSERT, on the server and on the wire */
  readonly insertTimeoutMs?: number;
  readonly drain?: DrainLimits;
}

const DEFAULT_INSERT_TIMEOUT_MS = 30_000;

/**
 * The delivery protocol on ClickHouse (docs/delivery.md). Migrations must have run, and a new one with views needs a restart:
 * the aggregates are read once.
 */
export async function createSinkStore(clickhouse: ClickHouse, options: SinkStoreOptions): Promise<SinkStore> {
  const { clock, insertTimeoutMs = DEFAULT_INSERT_TIMEOUT_MS, drain: limits = DEFAULT_DRAIN } = options;
  const settings = await readDeliverySettings(clickhouse);
  const aggregates = await describeAggregates(clickhouse);
  const claims = new Map<Slot, Claim>();
  let sends = 0;
  return {
    slotsOf: (partitions) => slotsOf(clickhouse, partitions, { clock, ...limits }),
    async claim(slots, beat) {
      const claimed = await claimSlots({ clickhouse, settings, clock, limits, aggregates }, slots, beat);
      for (const one of claimed) claims.set(one.slot, one);
      return claimed;
    },
    async insert(batch) {
      const ingestedAtMs = clock.nowMs();
      refuseSealedMonth(batch, claims, ingestedAtMs);
      const begun = batch.slots.filter(({ slot }) => claims.get(slot)?.nextOffset === null);
      if (begun.length > 0) await noteFirstOffsets(clickhouse, begun);
      for (const { slot } of begun) claims.delete(slot);
      await insertSideBySide({ clickhouse, settings, insertTimeoutMs }, batch, {
        ingestedAtMs,
        send: ++sends,
      });
    },
    async recentIds(slot, fromOffset) {
      const slots = lineage(await readStreams(clickhouse), slot).map((one) => one.slot);
      return readRecentIds(clickhouse, slots, fromOffset);
    },
  };
}

/** Retention takes the slot, so whoever writes knows of every seal. What is sealed is left alone by every repair. */
function refuseSealedMonth(batch: FencedBatch, claims: ReadonlyMap<Slot, Claim>, ingestedAtMs: number): void {
  const now = new Date(ingestedAtMs);
  const month = now.getUTCFullYear() * 100 + now.getUTCMonth() + 1;
  for (const { slot } of batch.slots) {
    if (!isSealed(claims.get(slot)?.seals ?? [], slot, month)) continue;
    throw new ReelstreamError(
      'halted',
      `it is ${now.toISOString()} here, a month that retention has sealed for slot ${slot}: set the clock`,
    );
  }
}
