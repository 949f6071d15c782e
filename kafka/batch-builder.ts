import { type Compression, compress, numberOfCodec } from './codecs.ts';
import { crc32c } from './crc32c.ts';

/** Byte positions inside a record batch, format v2. Source: https://kafka.apache.org/documentation/#recordbatch */
const LENGTH_AT = 8;
const LENGTH_ENDS_AT = 12;
const LEADER_EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const BASE_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const BASE_SEQUENCE_AT = 53;
const RECORD_COUNT_AT = 57;
export const BATCH_HEADER_BYTES = 61;

const MAGIC_V2 = 2;
/** attributes, and the longest form of five varints: length, time, offset, length of key, length of value */
const RECORD_OVERHEAD_BYTES = 1 + 5 * 5;
/** Up to here a loop is quicker than the call that copies. */
const SHORT_COPY_BYTES = 16;

export interface Header {
  readonly name: Buffer;
  readonly text: Buffer;
}

const NO_HEADERS: readonly Header[] = [];

/** Who sent a batch, and where among his batches of the partition it stands: by this the broker knows one that comes again. */
export interface BatchIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

export const toHeaders = (headers: Readonly<Record<string, string>>): Header[] =>
  Object.entries(headers).map(([name, text]) => ({ name: Buffer.from(name), text: Buffer.from(text) }));

/** The most that a record may take of a batch. */
export function recordBytesAtMost(
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: readonly Header[] = NO_HEADERS,
): number {
  let bytes = RECORD_OVERHEAD_BYTES + 5 + (key?.length ?? 0) + (value?.length ?? 0);
  for (const { name, text } of headers) bytes += 10 + name.length + text.length;
  return bytes;
}

/** One record batch being written into a buffer of fixed size, which is used again and again. */
export class BatchBuilder {
  readonly #bytes: Buffer;
  #at = BATCH_HEADER_BYTES;
  #count = 0;
  #contentBytes = 0;
  #baseTsMs = 0;
  #maxTsMs = 0;

  constructor(capacityBytes: number) {
    this.#bytes = Buffer.allocUnsafe(capacityBytes);
  }

  get count(): number {
    return this.#count;
  }

  /** of keys and values */
  get contentBytes(): number {
    return this.#contentBytes;
  }

  /** header included */
  get byteLength(): number {
    return this.#at;
  }

  get capacityBytes(): number {
    return this.#bytes.length;
  }

  /** @param atMost of `recordBytesAtMost` */
  hasRoom(atMost: number): boolean {
    return this.#at + atMost <= this.#bytes.length;
  }

  /** Copies one record in; the caller has looked whether there is room. */
  append(
    key: Uint8Array | null,
    value: Uint8Array | null,
    tsMs: number,
    headers: readonly Header[] = NO_HEADERS,
  ): void {
    if (this.#count === 0) this.#baseTsMs = tsMs;
    if (tsMs > this.#maxTsMs) this.#maxTsMs = tsMs;
    const tsDelta = zigzag(tsMs - this.#baseTsMs);
    const offsetDelta = zigzag(this.#count);
    const keyLength = zigzag(key === null ? -1 : key.length);
    const valueLength = zigzag(value === null ? -1 : value.length);
    const contentBytes = (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
    const headerBytes = headers.length === 0 ? 1 : bytesOfHeaders(headers);
    const bodyBytes =
      1 +
      varintBytes(tsDelta) +
      varintBytes(offsetDelta) +
      varintBytes(keyLength) +
      varintBytes(valueLength) +
      contentBytes +
      headerBytes;
    const bytes = this.#bytes;
    let at = putVarint(bytes, this.#at, zigzag(bodyBytes));
    bytes[at++] = 0; // attributes of a record: unused
    at = putVarint(bytes, at, tsDelta);
    at = putVarint(bytes, at, offsetDelta);
    at = putVarint(bytes, at, keyLength);
    if (key !== null) at = putBytes(bytes, at, key);
    at = putVarint(bytes, at, valueLength);
    if (value !== null) at = putBytes(bytes, at, value);
    this.#at = headers.length === 0 ? putVarint(bytes, at, 0) : putHeaders(bytes, at, headers);
    this.#contentBytes += contentBytes;
    this.#count++;
  }

  /**
   * The batch as a broker takes it; a view of the buffer where nothing is compressed. May be asked for again, also with another
   * identity.
   */
  seal(identity: BatchIdentity, compression: Compression = 'none'): Buffer {
    const plain = this.#bytes.subarray(BATCH_HEADER_BYTES, this.#at);
    if (compression === 'none') return this.#seal(this.#bytes.subarray(0, this.#at), identity, 0);
    const packed = compress(compression, plain);
    const batch = Buffer.concat([this.#bytes.subarray(0, BATCH_HEADER_BYTES), packed]);
    return this.#seal(batch, identity, numberOfCodec(compression));
  }

  /** Empty again, for other records. */
  reset(): void {
    this.#at = BATCH_HEADER_BYTES;
    this.#count = 0;
    this.#contentBytes = 0;
    this.#baseTsMs = 0;
    this.#maxTsMs = 0;
  }

  #seal(
    batch: Buffer,
    { producerId, producerEpoch, baseSequence }: BatchIdentity,
    attributes: number,
  ): Buffer {
    batch.writeBigInt64BE(0n, 0); // base offset: the broker's
    batch.writeInt32BE(batch.length - LENGTH_ENDS_AT, LENGTH_AT);
    batch.writeInt32BE(-1, LEADER_EPOCH_AT);
    batch[MAGIC_AT] = MAGIC_V2;
    batch.writeInt16BE(attributes, ATTRIBUTES_AT);
    batch.writeInt32BE(this.#count - 1, LAST_OFFSET_DELTA_AT);
    batch.writeBigInt64BE(BigInt(this.#baseTsMs), BASE_TIMESTAMP_AT);
    batch.writeBigInt64BE(BigInt(this.#maxTsMs), MAX_TIMESTAMP_AT);
    batch.writeBigInt64BE(producerId, PRODUCER_ID_AT);
    batch.writeInt16BE(producerEpoch, PRODUCER_EPOCH_AT);
    batch.writeInt32BE(baseSequence, BASE_SEQUENCE_AT);
    batch.writeInt32BE(this.#count, RECORD_COUNT_AT);
    batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT), CRC_AT);
    return batch;
  }
}

/** Of 32 bits, as unsigned. */
const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0;

function varintBytes(encoded: number): number {
  if (encoded < 0x80) return 1;
  if (encoded < 0x4000) return 2;
  if (encoded < 0x200000) return 3;
  return encoded < 0x10000000 ? 4 : 5;
}

function putVarint(bytes: Buffer, start: number, encoded: number): number {
  let at = start;
  let rest = encoded;
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

function putBytes(bytes: Buffer, at: number, from: Uint8Array): number {
  const { length } = from;
  if (length > SHORT_COPY_BYTES) bytes.set(from, at);
  else for (let i = 0; i < length; i++) bytes[at + i] = from[i]!;
  return at + length;
}

function bytesOfHeaders(headers: readonly Header[]): number {
  let bytes = varintBytes(zigzag(headers.length));
  for (const { name, text } of headers) {
    bytes += varintBytes(zigzag(name.length)) + name.length;
    bytes += varintBytes(zigzag(text.length)) + text.length;
  }
  return bytes;
}

function putHeaders(bytes: Buffer, start: number, headers: readonly Header[]): number {
  let at = putVarint(bytes, start, zigzag(headers.length));
  for (const { name, text } of headers) {
    at = putBytes(bytes, putVarint(bytes, at, zigzag(name.length)), name);
    at = putBytes(bytes, putVarint(bytes, at, zigzag(text.length)), text);
  }
  return at;
}
