import { ReelstreamError } from '../core/errors.ts';
import { RAW_TABLE } from './aggregates.ts';
import type { Slot } from './sink-store.ts';
import { lastOffset } from './standing.ts';
import { type OwnerOptions, underFence } from './under-fence.ts';

/**
 * Drops one slot's month of raw and seals it: its aggregates stay and are left alone from now on. Sealed first, so that a crash
 * in between leaves a sealed month that still has its rows; calling it again takes them.
 * @throws ReelstreamError `usage` for the month of the slot's newest row, which is its position
 */
export async function sealMonth(options: OwnerOptions, slot: Slot, month: number): Promise<void> {
  await underFence(options, slot, async ({ clickhouse }) => {
    const [found] = await clickhouse.query<{ rows: string; last: string }>(
      `SELECT count() AS rows, max(kafka_offset) AS last FROM ${RAW_TABLE}
       WHERE slot = {slot:UInt16} AND toYYYYMM(ingested_at) = {month:UInt32}`,
      { params: { slot, month } },
    );
    const rows = Number(found!.rows);
    const last = Number(found!.last);
    if (rows === 0) return;
    if ((await lastOffset(clickhouse, RAW_TABLE, slot)) === last) {
      throw new ReelstreamError('usage', `month ${month} of slot ${slot} holds its position and stays`);
    }
    await clickhouse.insertRows('sealed_months', [{ slot, ingest_month: month, rows, last_offset: last }], {
      settings: { async_insert: 0, insert_deduplicate: 0 },
    });
    await clickhouse.command(`ALTER TABLE ${RAW_TABLE} DROP PARTITION ({slot:UInt16}, {month:UInt32})`, {
      params: { slot, month },
    });
  });
}
