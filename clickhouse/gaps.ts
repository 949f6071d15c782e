import { RAW_TABLE } from './aggregates.ts';
import type { ClickHouse } from './connection.ts';
import { readSeals, sealedOffset } from './seals.ts';
import type { Slot } from './sink-store.ts';
import { beginOf, readStreams } from './slots.ts';

/** Offsets between two rows that are in no row and that the log did not skip; `missing` below 0: rows that are there twice. */
export interface Gap {
  readonly slot: Slot;
  readonly from: number;
  readonly to: number;
  readonly missing: number;
}

/** More are not listed: by then the answer is another one than reading offsets. */
const GAP_LIMIT = 100;

/**
 * Compares every row of a slot with the one before it, and the first with where the slot begins: behind what is sealed, or at
 * its first offset. Reads the whole slot, in order of its key: about a second per 15 million rows.
 */
export async function findGaps(
  clickhouse: ClickHouse,
  slots: readonly Slot[],
  rawTable: string = RAW_TABLE,
): Promise<Gap[]> {
  const [streams, seals] = await Promise.all([readStreams(clickhouse), readSeals(clickhouse, slots)]);
  const gaps: Gap[] = [];
  for (const slot of slots) {
    const sealedTo = sealedOffset(seals, slot);
    const stream = streams.find((one) => one.slot === slot);
    const begin = sealedTo >= 0 ? sealedTo + 1 : stream ? beginOf(stream) : null;
    gaps.push(...(await gapsOf(clickhouse, rawTable, slot, { sealedTo, begin })));
  }
  return gaps;
}

async function gapsOf(
  clickhouse: ClickHouse,
  rawTable: string,
  slot: Slot,
  { sealedTo, begin }: { readonly sealedTo: number; readonly begin: number | null },
): Promise<Gap[]> {
  const rows = await clickhouse.query<{ before: string; missing: string }>(
    `SELECT before, missing FROM
     (
       SELECT before, before - previous - 1 AS missing
       FROM
       (
         SELECT toInt64(kafka_offset) - toInt64(skipped_before) AS before,
                lagInFrame(toInt64(kafka_offset), 1, least(ifNull({begin:Nullable(Int64)}, before), before) - 1)
                  OVER (ORDER BY kafka_offset ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS previous
         FROM ${rawTable} WHERE slot = {slot:UInt16} AND kafka_offset > {sealed_to:Int64}
       )
     )
     WHERE missing != 0 ORDER BY before LIMIT {limit:UInt32}`,
    { params: { slot, begin, sealed_to: sealedTo, limit: GAP_LIMIT } },
  );
  return rows.map(({ before, missing }) => {
    const behind = Number(before);
    const count = Number(missing);
    return count > 0
      ? { slot, from: behind - count, to: behind - 1, missing: count }
      : { slot, from: behind, to: behind - count - 1, missing: count };
  });
}
