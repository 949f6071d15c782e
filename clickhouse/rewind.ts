import { ReelstreamError } from '../core/errors.ts';
import { describeAggregates, RAW_TABLE } from './aggregates.ts';
import type { ClickHouse } from './connection.ts';
import { startRebuilding } from './rebuild.ts';
import { readSeals, sealedOffset } from './seals.ts';
import type { Slot } from './sink-store.ts';
import { swapOnline } from './swap-online.ts';
import type { OwnerOptions } from './under-fence.ts';

/**
 * Cuts a slot back: raw loses its rows from `offset` on, the aggregates follow, and the sink reads the log again from there.
 * For holes, as long as Kafka still has the records. All months change by one note: killed in between, whoever claims the slot
 * cuts the rest before it reads the position.
 * @throws ReelstreamError `usage` for an offset that retention has sealed; else as `swapOnline`
 */
export async function rewind(options: OwnerOptions, slot: Slot, offset: number): Promise<void> {
  const { clickhouse } = options;
  const aggregates = await describeAggregates(clickhouse);
  const lock = await startRebuilding(options, aggregates, [slot]);
  const sealedTo = sealedOffset(await readSeals(clickhouse, [slot]), slot);
  if (offset <= sealedTo) {
    throw new ReelstreamError(
      'usage',
      `slot ${slot} is sealed up to offset ${sealedTo}: its rows were dropped by retention and cannot be counted again`,
    );
  }
  const tag = `w${lock.epoch}`;
  await swapOnline(options, lock, aggregates, {
    slot,
    swaps: async () =>
      (await monthsFrom(clickhouse, slot, offset)).map((month) => ({
        slot,
        month,
        tag,
        catalogVersion: 0,
        keepBelow: offset,
      })),
  });
}

async function monthsFrom(clickhouse: ClickHouse, slot: Slot, offset: number): Promise<number[]> {
  const rows = await clickhouse.query<{ month: number }>(
    `SELECT DISTINCT toYYYYMM(ingested_at) AS month FROM ${RAW_TABLE}
     WHERE slot = {slot:UInt16} AND kafka_offset >= {offset:UInt64} ORDER BY month`,
    { params: { slot, offset } },
  );
  return rows.map(({ month }) => month);
}
