import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ReelstreamError } from '../core/errors.ts';
import { RAW_TABLE } from './aggregates.ts';
import { type ClickHouse, toClickHouseError } from './connection.ts';
import type { Slot } from './sink-store.ts';

/** Offset (UInt64) and id (FixedString(16)) in RowBinary. */
const ENTRY_BYTES = 24;
/**
 * The last entry of every answer: no offset is that high. A server that runs into trouble behind the head of its answer can
 * only cut it short or put text behind it, still under status 200; then the mark is not where it should be.
 */
const END_MARK = Buffer.concat([Buffer.alloc(8, 0xff), Buffer.alloc(16)]);

/**
 * Ids of the `ok` rows of these slots with offset >= `fromOffset`, in order of offset: 24-byte entries, offset then id.
 * @throws ReelstreamError `unavailable` (retryable) unless the answer is whole: a window that lacks ids would let
 * duplicates pass
 */
export async function readRecentIds(
  clickhouse: ClickHouse,
  slots: readonly Slot[],
  fromOffset: number,
): Promise<Buffer> {
  const answer = await readWhole(
    await clickhouse.queryBytes(
      `SELECT kafka_offset, event_id
       FROM
       (
         SELECT kafka_offset, event_id FROM ${RAW_TABLE}
         WHERE slot IN {slots:Array(UInt16)} AND kafka_offset >= {from:UInt64} AND verdict = 'ok'
         UNION ALL
         SELECT toUInt64(18446744073709551615), toFixedString('', 16)
       )
       ORDER BY kafka_offset FORMAT RowBinary`,
      { params: { slots, from: fromOffset } },
    ),
  );
  const end = answer.length - ENTRY_BYTES;
  if (end < 0 || answer.length % ENTRY_BYTES !== 0 || !answer.subarray(end).equals(END_MARK)) {
    throw new ReelstreamError(
      'unavailable',
      `ClickHouse gave ${answer.length} bytes of recent ids and no end: the answer is cut short`,
    );
  }
  return answer.subarray(0, end);
}

/** The connection may break long after the answer began. */
async function readWhole(stream: Readable): Promise<Buffer> {
  try {
    return await buffer(stream);
  } catch (error) {
    throw toClickHouseError(error);
  }
}
