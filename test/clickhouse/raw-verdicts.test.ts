import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ClickHouse, StatementOptions } from '../../clickhouse/connection.ts';
import { type RawVerdict, readRawVerdicts, slotRangesOf } from '../../clickhouse/raw-verdicts.ts';

const LOG = { clusterId: 'c', topic: 'ratings' };

/** Streams as the table has them: [stream, partition, slot, start offset]. */
function withStreams(rows: readonly (readonly [number, number, number, number | null])[]): ClickHouse {
  const streams = rows.map(([streamId, partition, slot, startOffset]) => ({
    ...LOG,
    streamId,
    partition,
    slot,
    partitionCount: 2,
    startOffset: startOffset === null ? null : String(startOffset),
  }));
  return { query: async () => streams } as unknown as ClickHouse;
}

describe('the slots of offsets', () => {
  const offsets = new Map([
    [0, { from: 50, to: 200 }],
    [1, { from: 0, to: 10 }],
  ]);

  it('are those of the newest stream, and below its start those before', async () => {
    const streams = withStreams([
      [1, 0, 0, null],
      [2, 0, 1, 80],
      [3, 0, 2, 150],
      [3, 1, 3, null],
    ]);
    expect(await slotRangesOf(streams, LOG, offsets)).toEqual([
      { partition: 0, slot: 2, from: 150, to: 200 },
      { partition: 0, slot: 1, from: 80, to: 150 },
      { partition: 0, slot: 0, from: 50, to: 80 },
      { partition: 1, slot: 3, from: 0, to: 10 },
    ]);
  });

  it('leave out slots that hold none of them, and logs that began anew', async () => {
    const streams = withStreams([
      [1, 0, 0, null],
      [2, 0, 1, null],
      [2, 1, 2, 40],
    ]);
    expect(await slotRangesOf(streams, LOG, offsets)).toEqual([{ partition: 0, slot: 1, from: 50, to: 200 }]);
    expect(await slotRangesOf(withStreams([]), LOG, offsets)).toEqual([]);
  });
});

describe('verdicts of raw', () => {
  const rowBytes = (offset: bigint, verdict: number, reason: number, hash: bigint) => {
    const bytes = Buffer.alloc(18);
    bytes.writeBigUInt64LE(offset, 0);
    bytes.writeInt8(verdict, 8);
    bytes.writeInt8(reason, 9);
    bytes.writeBigUInt64LE(hash, 10);
    return bytes;
  };
  const END = rowBytes(2n ** 64n - 1n, 0, 0, 0n);

  function answering(answer: (from: number, to: number) => Buffer) {
    const asked: [number, number][] = [];
    const clickhouse = {
      async queryBytes(_: string, { params }: StatementOptions) {
        const { from, to } = params as { from: number; to: number };
        asked.push([from, to]);
        return Readable.from([answer(from, to)], { objectMode: false });
      },
    } as unknown as ClickHouse;
    return { clickhouse, asked };
  }

  it('are handed over page by page, in names', async () => {
    const { clickhouse, asked } = answering((from) =>
      Buffer.concat([
        rowBytes(BigInt(from), 1, 0, 0x1111_2222_3333_4444n),
        rowBytes(BigInt(from) + 1n, 3, 5, 0xffff_ffffn),
        rowBytes(BigInt(from) + 1n, 2, 20, 0n),
        END,
      ]),
    );
    const rows: RawVerdict[] = [];
    const range = { partition: 0, slot: 4, from: 7_000_000_000, to: 7_000_500_001 };
    await readRawVerdicts(clickhouse, range, (row) => rows.push(row));
    expect(asked).toEqual([
      [7_000_000_000, 7_000_500_000],
      [7_000_500_000, 7_000_500_001],
    ]);
    expect(rows.slice(0, 3)).toEqual([
      { offset: 7_000_000_000, verdict: 'ok', reason: 'none', hashLow: 0x3333_4444 },
      { offset: 7_000_000_001, verdict: 'dead_letter', reason: 'domain', hashLow: 0xffff_ffff },
      { offset: 7_000_000_001, verdict: 'drop', reason: 'duplicate', hashLow: 0 },
    ]);
    expect(rows).toHaveLength(6);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no end', rowBytes(1n, 1, 0, 0n)],
    ['half a row', Buffer.concat([rowBytes(1n, 1, 0, 0n), END]).subarray(0, 30)],
    ['text behind it', Buffer.concat([END, Buffer.from('Code: 241. DB::Exception')])],
  ])('are refused when the answer is cut short: %s', async (_, answer) => {
    const { clickhouse } = answering(() => answer);
    const range = { partition: 0, slot: 0, from: 0, to: 10 };
    await expect(readRawVerdicts(clickhouse, range, () => {})).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
    });
  });
});
