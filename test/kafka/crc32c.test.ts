import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../kafka/crc32c.ts';

/** Bit by bit, as the definition says. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe('crc32c', () => {
  // RFC 3720, appendix B.4, and the usual check value
  it.each([
    ['nine digits', Buffer.from('123456789'), 0xe3069283],
    ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['rising', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    ['nothing', Buffer.alloc(0), 0],
  ])('has the known value of %s', (_, bytes, checksum) => {
    expect(crc32c(bytes)).toBe(checksum);
  });

  it('equals the definition for any bytes from anywhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), fc.nat(20), (bytes, from, cut) => {
        const end = Math.max(from, bytes.length - cut);
        expect(crc32c(bytes, Math.min(from, bytes.length), Math.min(end, bytes.length))).toBe(
          bitwise(bytes.subarray(from, end)),
        );
      }),
    );
  });
});
