import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { describe, expect, it } from 'vitest';
import { readRecordSet } from '../../kafka/record-batch.ts';
import { type BatchSpec, batchBytes } from './batch-bytes.ts';

const plain = (baseOffset: number, ...values: string[]): BatchSpec => ({
  baseOffset,
  records: values.map((value, delta) => ({ delta, value })),
});
const read = (
  specs: readonly BatchSpec[],
  position = 0,
  aborted: Parameters<typeof readRecordSet>[2] = [],
) => {
  const { records, nextPosition } = readRecordSet(Buffer.concat(specs.map(batchBytes)), position, aborted);
  return {
    records: records.map(({ offset, value }) => [offset, value === null ? null : `${value}`]),
    nextPosition,
  };
};

describe('readRecordSet', () => {
  it('reads keys, values, nulls, and passes headers', () => {
    const spec: BatchSpec = {
      baseOffset: 70,
      headers: { trace: 'x'.repeat(300) },
      records: [
        { delta: 0, key: 'k', value: 'a' },
        { delta: 1, key: '', value: '' },
        { delta: 2, key: null, value: null },
      ],
    };
    const { records } = readRecordSet(batchBytes(spec), 70);
    expect(records.map(({ key, value }) => [key && `${key}`, value && `${value}`])).toEqual([
      ['k', 'a'],
      ['', ''],
      [null, null],
    ]);
  });

  it('reads headers when they are looked at', () => {
    const headers = { run: 'cafe', empty: '', long: 'ü'.repeat(200) };
    const records = [
      { delta: 0, key: 'k', value: 'a' },
      { delta: 1, key: '', value: '' },
      { delta: 2, key: null, value: null },
      { delta: 3, key: 'k', value: null },
      { delta: 4, key: null, value: 'v'.repeat(20_000) },
    ];
    for (const codec of [undefined, { number: 1, pack: gzipSync }]) {
      const packed = codec ? { codec } : {};
      const read = readRecordSet(batchBytes({ baseOffset: 0, records, headers, ...packed }), 0).records;
      expect(read.map((record) => Object.fromEntries(record.headers ?? []))).toEqual(Array(5).fill(headers));
      const bare = readRecordSet(batchBytes({ baseOffset: 0, records, ...packed }), 0).records;
      expect(bare.map((record) => record.headers?.size)).toEqual(Array(5).fill(0));
    }
  });

  it("takes the broker's time for all records, or each its own", () => {
    const records = plain(0, 'a', 'b').records;
    const times = (spec: Partial<BatchSpec>) =>
      readRecordSet(batchBytes({ baseOffset: 0, records, ...spec }), 0).records.map(({ logTsMs }) => logTsMs);
    expect(times({ createTsMs: 1_700_000_000_000 })).toEqual([1_700_000_000_000, 1_700_000_000_001]);
    expect(times({ createTsMs: 5, appendTsMs: 1_700_000_000_777 })).toEqual(Array(2).fill(1_700_000_000_777));
  });

  it('leaves out what lies before the position and an incomplete batch at the end', () => {
    const bytes = Buffer.concat([plain(0, 'a', 'b', 'c'), plain(3, 'd')].map(batchBytes));
    for (let cut = 0; cut < batchBytes(plain(3, 'd')).length; cut++) {
      const { records, nextPosition } = readRecordSet(bytes.subarray(0, bytes.length - 1 - cut), 1);
      expect([records.map(({ offset }) => offset), nextPosition]).toEqual([[1, 2], 3]);
    }
    expect(read([], 17)).toEqual({ records: [], nextPosition: 17 });
  });

  it('passes what compaction left: holes, ends, whole batches', () => {
    const holes: BatchSpec = { baseOffset: 0, records: [{ delta: 2, value: 'c' }], lastDelta: 4 };
    const emptied: BatchSpec = { baseOffset: 5, records: [], lastDelta: 4 };
    expect(read([holes, emptied])).toEqual({ records: [[2, 'c']], nextPosition: 10 });
    expect(read([emptied], 7)).toEqual({ records: [], nextPosition: 10 });
    expect(read([holes], 3)).toEqual({ records: [], nextPosition: 5 });
  });

  it('leaves out aborted transactions, each up to its own marker, and all markers', () => {
    const tx = (baseOffset: number, producerId: number, ...values: string[]): BatchSpec => ({
      ...plain(baseOffset, ...values),
      producerId,
      transactional: true,
    });
    const marker = (baseOffset: number, producerId: number, kind: 'commit' | 'abort'): BatchSpec => ({
      baseOffset,
      records: [],
      producerId,
      marker: kind,
    });
    const log = [
      tx(0, 1, 'void'),
      tx(1, 2, 'kept'),
      plain(2, 'plain'),
      { ...plain(3, 'same producer, no transaction'), producerId: 1 },
      tx(4, 1, 'void'),
      marker(5, 2, 'commit'),
      marker(6, 1, 'abort'),
      tx(7, 1, 'kept'),
      marker(8, 1, 'commit'),
      tx(9, 1, 'void'),
    ];
    const aborted = [
      { producerId: 1, firstOffset: 9 },
      { producerId: 1, firstOffset: 0 },
    ];
    expect(read(log, 0, aborted)).toEqual({
      records: [
        [1, 'kept'],
        [2, 'plain'],
        [3, 'same producer, no transaction'],
        [7, 'kept'],
      ],
      nextPosition: 10,
    });
    // From inside the aborted transaction: the broker still names its first offset
    expect(read(log.slice(4), 4, [{ producerId: 1, firstOffset: 0 }]).records[0]).toEqual([7, 'kept']);
  });

  it.each([
    ['gzip', 1, gzipSync],
    ['snappy', 2, (bytes: Buffer) => compressSync(bytes)],
    ['snappy as Java frames it', 2, xerial],
    ['lz4', 3, (bytes: Buffer) => compressFrameSync(bytes)],
  ])('unpacks %s', (_, number, pack) => {
    const values = Array.from({ length: 500 }, (__, i) => `value ${i}`);
    const spec = { ...plain(10, ...values), codec: { number, pack } };
    expect(read([spec], 12).records).toEqual(values.map((value, i) => [10 + i, value]).slice(2));
  });

  it('refuses bytes that are no batches of this format, a record cut short, a codec that lies, a bomb', () => {
    const cutShort = batchBytes(plain(0, 'abcdef'));
    cutShort[61] = 120;
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024));
    for (const bytes of [
      batchBytes({ ...plain(0, 'a'), magic: 1 }),
      cutShort,
      batchBytes({ ...plain(0, 'a'), codec: { number: 1, pack: () => Buffer.from('no gzip') } }),
      batchBytes({ ...plain(0, 'a'), codec: { number: 2, pack: () => Buffer.from('no snappy') } }),
      batchBytes({ ...plain(0, 'a'), codec: { number: 3, pack: () => Buffer.from('no lz4') } }),
      batchBytes({ ...plain(0, 'a'), codec: { number: 4, pack: () => Buffer.from('no zstd') } }),
      batchBytes({ ...plain(0, 'a'), codec: { number: 7, pack: (packed) => packed } }),
      batchBytes({ ...plain(0, 'a'), codec: { number: 1, pack: () => bomb } }),
    ]) {
      expect(() => readRecordSet(bytes, 0)).toThrow(expect.objectContaining({ code: 'bad_data' }));
    }
  });

  it('reads any offsets and times exactly, however far apart', () => {
    const spec = fc.record({
      baseOffset: fc.integer({ min: 0, max: 2 ** 50 }),
      createTsMs: fc.integer({ min: 0, max: 2 ** 45 }),
      deltas: fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 20 }),
    });
    fc.assert(
      fc.property(spec, ({ baseOffset, createTsMs, deltas }) => {
        const ordered = deltas.sort((a, b) => a - b);
        const records = ordered.map((delta) => ({ delta, value: String(delta) }));
        const set = readRecordSet(batchBytes({ baseOffset, createTsMs, records }), 0);
        expect(set.records.map(({ offset, logTsMs, value }) => [offset, logTsMs, `${value}`])).toEqual(
          ordered.map((delta) => [baseOffset + delta, createTsMs + delta, String(delta)]),
        );
        expect(set.nextPosition).toBe(baseOffset + ordered.at(-1)! + 1);
      }),
    );
  });
});

/** Two blocks behind Xerial's header. */
function xerial(bytes: Buffer): Buffer {
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const blocks = [bytes.subarray(0, 1_000), bytes.subarray(1_000)].map((block) => {
    const packed = compressSync(block);
    const length = Buffer.alloc(4);
    length.writeInt32BE(packed.length);
    return Buffer.concat([length, packed]);
  });
  return Buffer.concat([header, ...blocks]);
}
