import type { Clock } from '../core/clock.ts';
import { describeAggregates } from './aggregates.ts';
import { claimSlots } from './claim.ts';
import type { ClickHouse } from './connection.ts';
import { readDeliverySettings } from './delivery-settings.ts';
import { insertSideBySide } from './insert-side-by-side.ts';
import { readRecentIds } from './recent-ids.ts';
import type { SinkStore } from './sink-store.ts';
import { lineage, readStreams } from './slots.ts';
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
  let sends = 0;
  return {
    slotsOf: (partitions) => slotsOf(clickhouse, partitions, { clock, ...limits }),
    claim: (slots, beat) => claimSlots({ clickhouse, settings, clock, limits, aggregates }, slots, beat),
    insert: (batch) =>
      insertSideBySide({ clickhouse, settings, insertTimeoutMs }, batch, {
        ingestedAtMs: clock.nowMs(),
        send: ++sends,
      }),
    async recentIds(slot, fromOffset) {
      const slots = lineage(await readStreams(clickhouse), slot).map((one) => one.slot);
      return readRecentIds(clickhouse, slots, fromOffset);
    },
  };
}
