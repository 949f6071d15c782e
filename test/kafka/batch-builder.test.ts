import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BATCH_HEADER_BYTES, BatchBuilder, recordBytesAtMost, toHeaders } from '../../kafka/batch-builder.ts';
import { crc32c } from '../../kafka/crc32c.ts';
import { readRecordSet } from '../../kafka/record-batch.ts';

const IDENTITY = { producerId: 77n, producerEpoch: 3, baseSequence: 12 };
const bytes = (maxLength: number) =>
  fc.option(fc.uint8Array({ maxLength }).map((array) => Buffer.from(array)));
const record = fc.record({
  key: bytes(30),
  value: bytes(300),
  tsMs: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.string({ maxLength: 200 }), {
    maxKeys: 3,
  }),
});

describe('a batch builder', () => {
  it.each(['none', 'gzip', 'snappy', 'lz4'] as const)('writes what a reader reads (%s)', (compression) => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 40 }), (records) => {
        const builder = new BatchBuilder(40_000);
        for (const { key, value, tsMs, headers } of records) {
          const list = toHeaders(headers);
          const atMost = recordBytesAtMost(key, value, list);
          expect(builder.hasRoom(atMost)).toBe(true);
          const before = builder.byteLength;
          builder.append(key, value, tsMs, list);
          expect(builder.byteLength - before).toBeLessThanOrEqual(atMost);
        }
        const { records: read, nextPosition } = readRecordSet(builder.seal(IDENTITY, compression), 0);
        expect(nextPosition).toBe(records.length);
        expect(
          read.map(({ key, value, logTsMs, headers }) => ({
            key,
            value,
            tsMs: logTsMs,
            headers: Object.fromEntries(headers ?? []),
          })),
        ).toEqual(records.map((one) => ({ ...one, headers: { ...one.headers } })));
      }),
      { numRuns: 60 },
    );
  });

  it('says who sent it, and its checksum covers everything behind it', () => {
    const builder = new BatchBuilder(1_000);
    builder.append(null, Buffer.from('a'), 5);
    builder.append(null, Buffer.from('b'), 3);
    const sealed = builder.seal(IDENTITY);
    expect(sealed.readBigInt64BE(43)).toBe(77n);
    expect(sealed.readInt16BE(51)).toBe(3);
    expect(sealed.readInt32BE(53)).toBe(12);
    expect([sealed.readBigInt64BE(27), sealed.readBigInt64BE(35)]).toEqual([5n, 5n]);
    expect(sealed.readUInt32BE(17)).toBe(crc32c(sealed.subarray(21)));
    const again = Buffer.from(builder.seal({ ...IDENTITY, baseSequence: 13 }));
    expect(again.readInt32BE(53)).toBe(13);
    expect(again.readUInt32BE(17)).toBe(crc32c(again.subarray(21)));
  });

  it('is empty again after a reset, and full when it is', () => {
    const builder = new BatchBuilder(BATCH_HEADER_BYTES + recordBytesAtMost(null, Buffer.alloc(10)));
    builder.append(null, Buffer.alloc(10), 1);
    expect(builder.hasRoom(recordBytesAtMost(null, Buffer.alloc(10)))).toBe(false);
    builder.reset();
    expect([builder.count, builder.byteLength]).toEqual([0, BATCH_HEADER_BYTES]);
    expect(builder.hasRoom(recordBytesAtMost(null, Buffer.alloc(10)))).toBe(true);
  });
});
