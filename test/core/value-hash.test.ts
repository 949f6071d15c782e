import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueHash, valueHashOf } from '../../core/value-hash.ts';

const lanesOf = (bytes: Uint8Array | null) => {
  const lanes = { hi: -1, lo: -1 };
  valueHash(bytes, lanes);
  return lanes;
};

describe('value hash', () => {
  // published vectors of MurmurHash3_x86_32 with seed 0x9747b28c
  it.each([
    ['', 0xebb6c228],
    ['a', 0x7fa09ea6],
    ['aa', 0x5d211726],
    ['aaa', 0x283e0130],
    ['aaaa', 0x5a97808a],
    ['abc', 0xc84a62dd],
    ['abcd', 0xf0478627],
    ['Hello, world!', 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0x2fa826cd],
  ])('has MurmurHash3 of %j in its upper lane', (text, expected) => {
    expect(lanesOf(Buffer.from(text)).hi).toBe(expected);
  });

  it('never changes: rows written years ago are compared with it', () => {
    expect(valueHashOf(Buffer.from('reelstream'))).toBe(12_497_098_948_173_058_198n);
    expect(valueHashOf(Buffer.alloc(0))).toBe(16_984_976_525_380_745_171n);
    expect(valueHashOf(null)).toBe(0n);
  });

  it('has two lanes that do not follow each other', () => {
    const seen = new Map<number, number>();
    for (let i = 0; i < 200_000; i++) {
      const { hi, lo } = lanesOf(Buffer.from(`event ${i}`));
      const other = seen.get(hi);
      if (other !== undefined) expect(lo).not.toBe(other);
      seen.set(hi, lo);
    }
  });

  it('sees every changed, added or missing byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 70 }), fc.nat(), fc.nat(), (bytes, at, by) => {
        const changed = Uint8Array.from(bytes);
        const index = at % bytes.length;
        changed[index] = (changed[index]! + 1 + (by % 255)) & 255;
        const hash = valueHashOf(bytes);
        expect(valueHashOf(changed)).not.toBe(hash);
        expect(valueHashOf(bytes.subarray(1))).not.toBe(hash);
        expect(valueHashOf(Buffer.concat([bytes, Buffer.of(0)]))).not.toBe(hash);
      }),
    );
  });
});
