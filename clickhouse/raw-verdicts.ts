import { buffer } from 'node:stream/consumers';
import { ReelstreamError } from '../core/errors.ts';
import type { reasonOf, VerdictKind } from '../core/verdict.ts';
import { RAW_TABLE } from './aggregates.ts';
import { type ClickHouse, toClickHouseError } from './connection.ts';
import { REASON_VALUES, VERDICT_VALUES } from './raw-row-writer.ts';
import type { Slot } from './sink-store.ts';
import { lineage, newestStream, readStreams } from './slots.ts';
import { lastRows } from './standing.ts';

/** Offsets of one Kafka partition whose rows are in one slot. */
export interface SlotRange {
  readonly partition: number;
  readonly slot: Slot;
  readonly from: number;
  /** exclusive */
  readonly to: number;
}

type Reason = ReturnType<typeof reasonOf>;

/** What raw says about one offset. */
export interface RawVerdict {
  readonly offset: number;
  readonly verdict: VerdictKind;
  readonly reason: Reason;
  /** the lower lane of the value's hash */
  readonly hashLow: number;
}

/**
 * Which slots hold these offsets: the newest stream's, and below its start those of the streams it goes on with. A partition
 * that no sink has ever seen has none.
 */
export async function slotRangesOf(
  clickhouse: ClickHouse,
  log: { readonly clusterId: string; readonly topic: string },
  offsets: ReadonlyMap<number, { readonly from: number; readonly to: number }>,
): Promise<SlotRange[]> {
  const streams = await readStreams(clickhouse);
  return newestStream(streams, log.clusterId, log.topic).flatMap(({ partition, slot }) => {
    const wanted = offsets.get(partition);
    if (!wanted) return [];
    let { to } = wanted;
    return lineage(streams, slot).flatMap((one) => {
      const from = Math.max(wanted.from, one.startOffset ?? 0);
      const range = { partition, slot: one.slot, from, to };
      to = Math.min(to, from);
      return range.from < range.to ? [range] : [];
    });
  });
}

/** Partition -> the last offset of raw within the ranges' slots; partitions without rows are missing. */
export async function rawPositions(
  clickhouse: ClickHouse,
  ranges: readonly SlotRange[],
): Promise<Map<number, number>> {
  const slots = [...new Set(ranges.map(({ slot }) => slot))];
  const last = await lastRows(clickhouse, RAW_TABLE, slots);
  const positions = new Map<number, number>();
  for (const { partition, slot } of ranges) {
    const offset = last.get(slot)?.offset ?? -1;
    if (offset > (positions.get(partition) ?? -1)) positions.set(partition, offset);
  }
  return positions;
}

/** The ranges from which retention has dropped rows. */
export async function sealedRanges(
  clickhouse: ClickHouse,
  ranges: readonly SlotRange[],
): Promise<SlotRange[]> {
  const rows = await clickhouse.query<{ slot: Slot; last: string }>(
    'SELECT slot, max(last_offset) AS last FROM sealed_months GROUP BY slot',
  );
  const last = new Map(rows.map((row) => [row.slot, Number(row.last)]));
  return ranges.filter(({ slot, from }) => (last.get(slot) ?? -1) >= from);
}

/** Rows of one answer: 9 MB. The embedded engine keeps a whole answer in memory. */
const PAGE_OFFSETS = 500_000;
/** Offset (UInt64), verdict and reason (Int8), hash (UInt64) in RowBinary. */
const ROW_BYTES = 18;
/** An answer that breaks off behind its head still has status 200; this row at the end of it then is missing. */
const END_MARK = Buffer.concat([Buffer.alloc(8, 0xff), Buffer.alloc(ROW_BYTES - 8)]);

/**
 * Hands over every row of the range in order of offset, also rows that are there twice. Memory does not grow with the range.
 * @throws ReelstreamError `unavailable` (retryable) when an answer is not whole
 */
export async function readRawVerdicts(
  clickhouse: ClickHouse,
  { slot, from, to }: SlotRange,
  take: (row: RawVerdict) => void,
): Promise<void> {
  for (let start = from; start < to; start += PAGE_OFFSETS) {
    const page = await readPage(clickhouse, { slot, from: start, to: Math.min(to, start + PAGE_OFFSETS) });
    for (let at = 0; at < page.length; at += ROW_BYTES) take(rowAt(page, at));
  }
}

async function readPage(
  clickhouse: ClickHouse,
  params: { readonly slot: Slot; readonly from: number; readonly to: number },
): Promise<Buffer> {
  const stream = await clickhouse.queryBytes(
    `SELECT * FROM
     (
       SELECT kafka_offset, toInt8(verdict), toInt8(reason), value_hash FROM ${RAW_TABLE}
       WHERE slot = {slot:UInt16} AND kafka_offset >= {from:UInt64} AND kafka_offset < {to:UInt64}
       UNION ALL
       SELECT toUInt64(18446744073709551615), toInt8(0), toInt8(0), toUInt64(0)
     )
     ORDER BY kafka_offset FORMAT RowBinary`,
    { params },
  );
  const answer = await buffer(stream).catch((error: unknown) => {
    throw toClickHouseError(error);
  });
  const end = answer.length - ROW_BYTES;
  if (end >= 0 && answer.length % ROW_BYTES === 0 && answer.subarray(end).equals(END_MARK)) {
    return answer.subarray(0, end);
  }
  throw new ReelstreamError(
    'unavailable',
    `ClickHouse gave ${answer.length} bytes of verdicts and no end: the answer is cut short`,
  );
}

const VERDICTS = byValue(VERDICT_VALUES);
const REASONS = byValue(REASON_VALUES);

function rowAt(page: Buffer, at: number): RawVerdict {
  return {
    offset: page.readUInt32LE(at) + page.readUInt32LE(at + 4) * 2 ** 32,
    verdict: VERDICTS.get(page[at + 8]!)!,
    reason: REASONS.get(page[at + 9]!)!,
    hashLow: page.readUInt32LE(at + 10),
  };
}

function byValue<Name extends string>(values: Readonly<Record<Name, number>>): ReadonlyMap<number, Name> {
  return new Map(Object.entries(values).map(([name, value]) => [value as number, name as Name]));
}
