import { crc32 } from 'node:zlib';

/**
 * A ledger file is this line and then frames: type (1 byte), length of the payload (uint32), CRC-32 over both and the payload
 * (uint32), payload. Numbers little endian. Another layout would get another line.
 */
export const FILE_MAGIC: Buffer = Buffer.from('reelstream ledger 1\n', 'latin1');

/** They are stored: numbers are never reused. */
export const FRAME_TYPES = {
  /** JSON: LedgerHeader; the first frame and only that */
  header: 1,
  /** UTF-8: one more label, numbered by order of appearance from 0 */
  label: 2,
  /** per fault: number (the first absolute, then the distance), label * 2 + (has copies), copies if it has any */
  faults: 3,
  /** per range of own numbers that follow each other: number (absolute, then distance from the last range's first), count */
  overloaded: 4,
  /** next, then the failed numbers (absolute, then distance) */
  checkpoint: 5,
  /** JSON: LedgerFooter; nothing follows it */
  footer: 6,
} as const;
export type FrameType = keyof typeof FRAME_TYPES;

const NAMES = new Map<number, FrameType>(
  Object.entries(FRAME_TYPES).map(([name, number]) => [number, name as FrameType]),
);
const HEAD_BYTES = 9;
const LENGTH_AT = 1;
const CRC_AT = 5;
/** Longer ones are not written, so a length above it is damage, and a reader needs no more memory than this. */
export const MAX_PAYLOAD_BYTES = 1 << 20;

export interface Frame {
  readonly type: FrameType;
  readonly payload: Buffer;
  /** where the next frame begins */
  readonly end: number;
}

/** @throws RangeError for a payload of more than a megabyte */
export function encodeFrame(type: FrameType, payload: Buffer): Buffer {
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new RangeError(`${type}: ${payload.length} bytes are too many for a ledger's frame`);
  }
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  bytes[0] = FRAME_TYPES[type];
  bytes.writeUInt32LE(payload.length, LENGTH_AT);
  payload.copy(bytes, HEAD_BYTES);
  bytes.writeUInt32LE(checksum(bytes, 0, bytes.length), CRC_AT);
  return bytes;
}

/** `partial`: as far as the bytes go, this may be the beginning of a frame. `damaged`: it cannot be one. */
export function readFrame(bytes: Buffer, at: number): Frame | 'partial' | 'damaged' {
  const type = NAMES.get(bytes[at] ?? FRAME_TYPES.header);
  if (type === undefined) return 'damaged';
  if (at + HEAD_BYTES > bytes.length) return 'partial';
  const length = bytes.readUInt32LE(at + LENGTH_AT);
  if (length > MAX_PAYLOAD_BYTES) return 'damaged';
  const end = at + HEAD_BYTES + length;
  if (end > bytes.length) return 'partial';
  if (bytes.readUInt32LE(at + CRC_AT) !== checksum(bytes, at, end)) return 'damaged';
  return { type, payload: bytes.subarray(at + HEAD_BYTES, end), end };
}

/** Where a whole frame begins, from `from` on; -1 when there is none. Two random bytes in 2^32 look like one. */
export function findFrame(bytes: Buffer, from: number): number {
  for (let at = from; at + HEAD_BYTES <= bytes.length; at++) {
    if (typeof readFrame(bytes, at) === 'object') return at;
  }
  return -1;
}

/** The checksum's own four bytes are left out. */
function checksum(bytes: Buffer, start: number, end: number): number {
  return crc32(bytes.subarray(start + HEAD_BYTES, end), crc32(bytes.subarray(start, start + CRC_AT)));
}
