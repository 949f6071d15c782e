/** Castagnoli's polynomial, bits reversed. Source: RFC 3720, appendix B.4 */
const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

const TABLES = makeTables();

/**
 * CRC-32C of `bytes` from `start` to `end`, as in the header of a record batch. Eight bytes a step, by eight tables ("slicing by
 * eight"): a byte a step would be the largest part of what sending a record costs.
 * @returns unsigned 32 bits
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES;
  let crc = -1;
  let at = start;
  for (const last = end - (SLICES - 1); at < last; at += SLICES) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t7[crc & 0xff]! ^
      t6[(crc >>> 8) & 0xff]! ^
      t5[(crc >>> 16) & 0xff]! ^
      t4[crc >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!;
  }
  for (; at < end; at++) crc = t0[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}

type Tables = readonly [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

/** Table k: what a byte does to the checksum when k more bytes follow it in the same step. */
function makeTables(): Tables {
  const tables = Array.from({ length: SLICES }, () => new Int32Array(256));
  const first = tables[0]!;
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    first[byte] = crc;
  }
  for (let slice = 1; slice < SLICES; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[slice - 1]![byte]!;
      tables[slice]![byte] = (before >>> 8) ^ first[before & 0xff]!;
    }
  }
  return tables as unknown as Tables;
}
