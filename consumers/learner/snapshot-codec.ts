import { crc32 } from 'node:zlib';
import { ReelstreamError } from '../../core/errors.ts';
import type { NamedArray } from '../../recommender/state/snapshot.ts';

/**
 * A snapshot as bytes: magic (8), length of the header (4), nothing (4), header (JSON), arrays, CRC-32 over all of that (4),
 * end mark (4). Everything begins at a multiple of 8, so that arrays can be used where they lie. Little endian, as every
 * machine that Node runs on but one.
 */
const MAGIC = Buffer.from('RSLEARN1', 'latin1');
const END_MARK = 0x444e4552;
const PREFIX_BYTES = 16;
export const TRAILER_BYTES = 8;
const ALIGNMENT = 8;

type TypedArray = NamedArray['array'];

const TYPES = {
  Float64Array,
  Float32Array,
  Int32Array,
  Uint32Array,
  Uint16Array,
  Uint8Array,
} as const;
type TypeName = keyof typeof TYPES;

interface ArrayPlace {
  readonly name: string;
  readonly type: TypeName;
  readonly length: number;
}

export interface DecodedSnapshot<M> {
  readonly meta: M;
  readonly arrays: readonly NamedArray[];
}

/** All but the trailer, in pieces that view the given arrays. */
export function encodeSnapshot(meta: object, arrays: readonly NamedArray[]): Uint8Array[] {
  const places = arrays.map(
    ({ name, array }): ArrayPlace => ({
      name,
      type: array.constructor.name as TypeName,
      length: array.length,
    }),
  );
  const header = Buffer.from(JSON.stringify({ meta, arrays: places }));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  MAGIC.copy(prefix);
  prefix.writeUInt32LE(header.length, MAGIC.length);
  return [
    prefix,
    ...aligned(header),
    ...arrays.flatMap(({ array }) =>
      aligned(new Uint8Array(array.buffer, array.byteOffset, array.byteLength)),
    ),
  ];
}

/** @param sum CRC-32 over everything before */
export function encodeTrailer(sum: number): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(sum >>> 0, 0);
  trailer.writeUInt32LE(END_MARK, 4);
  return trailer;
}

/**
 * The arrays are views of `bytes`, which must begin at a multiple of 8 in its memory.
 * @throws ReelstreamError `bad_data` for anything but a whole snapshot
 */
export function decodeSnapshot<M>(bytes: Buffer): DecodedSnapshot<M> {
  const end = bytes.length - TRAILER_BYTES;
  if (end < PREFIX_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw torn('it is none');
  if (bytes.readUInt32LE(end + 4) !== END_MARK) throw torn('its end is missing');
  if (bytes.readUInt32LE(end) !== crc32(bytes.subarray(0, end))) throw torn('its checksum is wrong');
  const headerBytes = bytes.readUInt32LE(MAGIC.length);
  const header = JSON.parse(bytes.toString('utf8', PREFIX_BYTES, PREFIX_BYTES + headerBytes)) as {
    readonly meta: M;
    readonly arrays: readonly ArrayPlace[];
  };
  let at = PREFIX_BYTES + padded(headerBytes);
  const arrays = header.arrays.map(({ name, type, length }): NamedArray => {
    const Type = TYPES[type] as new (buffer: ArrayBufferLike, offset: number, length: number) => TypedArray;
    const array = new Type(bytes.buffer, bytes.byteOffset + at, length);
    at += padded(array.byteLength);
    return { name, array };
  });
  if (at !== end) throw torn('its length is wrong');
  return { meta: header.meta, arrays };
}

const padded = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function aligned(bytes: Uint8Array): Uint8Array[] {
  const missing = padded(bytes.length) - bytes.length;
  return missing === 0 ? [bytes] : [bytes, Buffer.alloc(missing)];
}

function torn(why: string): ReelstreamError {
  return new ReelstreamError('bad_data', `not a whole snapshot: ${why}`);
}
