import { ReelstreamError } from '../core/errors.ts';
import type { LogRecord } from '../core/log-record.ts';
import { decompress } from './codecs.ts';

/** Byte positions inside a record batch, format v2. Source: https://kafka.apache.org/documentation/#recordbatch */
const LENGTH_AT = 8;
const LENGTH_ENDS_AT = 12;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const BASE_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const RECORD_COUNT_AT = 57;
const RECORDS_AT = 61;

const MAGIC_V2 = 2;
const CODEC_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT_MARKER = 0;

/** A transaction that was aborted; every record of its producer from `firstOffset` to the abort marker is void. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface RecordSet {
  readonly records: LogRecord[];
  /** behind the last whole batch, whatever was left of it; `position` when there was none */
  readonly nextPosition: number;
}

const NO_HEADERS: ReadonlyMap<string, string> = new Map();

/** Views into the fetched bytes; key and headers are made only when somebody looks at them. */
class FetchedRecord implements LogRecord {
  readonly offset: number;
  readonly logTsMs: number;
  readonly value: Buffer | null;
  readonly #bytes: Buffer;
  readonly #keyStart: number;
  readonly #keyBytes: number;

  constructor(
    offset: number,
    logTsMs: number,
    bytes: Buffer,
    keyStart: number,
    keyBytes: number,
    value: Buffer | null,
  ) {
    this.offset = offset;
    this.logTsMs = logTsMs;
    this.value = value;
    this.#bytes = bytes;
    this.#keyStart = keyStart;
    this.#keyBytes = keyBytes;
  }

  get key(): Buffer | null {
    return this.#keyBytes < 0 ? null : this.#bytes.subarray(this.#keyStart, this.#keyStart + this.#keyBytes);
  }

  /** A name that comes twice counts with its last value. */
  get headers(): ReadonlyMap<string, string> {
    const cursor = { bytes: this.#bytes, at: this.#keyStart + Math.max(0, this.#keyBytes) };
    const valueBytes = readVarint(cursor);
    if (valueBytes > 0) cursor.at += valueBytes;
    const count = readVarint(cursor);
    if (count <= 0) return NO_HEADERS;
    const headers = new Map<string, string>();
    // the broker checks no header: a count may be anything
    for (let i = 0; i < count && cursor.at < this.#bytes.length; i++) {
      headers.set(readText(cursor), readText(cursor));
    }
    return headers;
  }
}

/**
 * Reads the record batches of one fetch, from `position` on. Left out: records before `position` (a batch is never cut
 * at its front), control records, records of aborted transactions, and an incomplete batch at the end.
 * `nextPosition` comes from the batch headers, not from the records: a batch may have been emptied by compaction, or end
 * in offsets that compaction took away, and still has to be passed.
 * Checksums are not verified: the broker did so when it took the batch.
 * @throws ReelstreamError `bad_data` for bytes that are no record batches of format v2
 */
export function readRecordSet(
  bytes: Buffer,
  position: number,
  aborted: readonly AbortedTransaction[] = [],
): RecordSet {
  const records: LogRecord[] = [];
  const isVoid = createAbortFilter(aborted);
  let nextPosition = position;
  let at = 0;
  while (at + LENGTH_ENDS_AT <= bytes.length) {
    const end = at + LENGTH_ENDS_AT + bytes.readInt32BE(at + LENGTH_AT);
    if (end > bytes.length) break;
    if (bytes[at + MAGIC_AT] !== MAGIC_V2 || end < at + RECORDS_AT) {
      throw new ReelstreamError('bad_data', `no record batch of format v2 at byte ${at} of the fetch`);
    }
    const batch = bytes.subarray(at, end);
    const lastOffset = readLong(batch, 0) + batch.readInt32BE(LAST_OFFSET_DELTA_AT);
    if (!isVoid(batch, lastOffset) && lastOffset >= position) readBatch(batch, position, records);
    nextPosition = Math.max(nextPosition, lastOffset + 1);
    at = end;
  }
  return { records, nextPosition };
}

/** Answers per batch, in log order, whether none of its records may be seen. */
function createAbortFilter(
  aborted: readonly AbortedTransaction[],
): (batch: Buffer, lastOffset: number) => boolean {
  const waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<number>();
  return (batch, lastOffset) => {
    while (waiting.length > 0 && waiting[0]!.firstOffset <= lastOffset) open.add(waiting.shift()!.producerId);
    const attributes = batch.readInt16BE(ATTRIBUTES_AT);
    const producerId = readLong(batch, PRODUCER_ID_AT);
    if (attributes & CONTROL) {
      if (open.size > 0 && markerType(batch) === ABORT_MARKER) open.delete(producerId);
      return true;
    }
    return (attributes & TRANSACTIONAL) !== 0 && open.has(producerId);
  };
}

/** A control batch holds one record; its key is a version and the type of marker, both int16. */
function markerType(batch: Buffer): number | null {
  const marker: LogRecord[] = [];
  readBatch(batch, 0, marker);
  const key = marker[0]?.key;
  return key && key.length >= 4 ? key.readInt16BE(2) : null;
}

function readBatch(batch: Buffer, position: number, into: LogRecord[]): void {
  const attributes = batch.readInt16BE(ATTRIBUTES_AT);
  const codec = attributes & CODEC_MASK;
  const packed = batch.subarray(RECORDS_AT);
  const bytes = codec === 0 ? packed : decompress(codec, packed);
  const count = batch.readInt32BE(RECORD_COUNT_AT);
  const baseOffset = readLong(batch, 0);
  const baseTsMs = readLong(batch, BASE_TIMESTAMP_AT);
  // The broker stamps a whole batch: the stamp is in the header, the records keep their producers' times
  const appendTsMs = attributes & LOG_APPEND_TIME ? readLong(batch, MAX_TIMESTAMP_AT) : null;
  const cursor = { bytes, at: 0 };
  for (let i = 0; i < count; i++) {
    const lengthBytes = readVarint(cursor);
    const end = cursor.at + lengthBytes;
    if (lengthBytes < 0 || end > bytes.length) throw cutShort(baseOffset, i);
    cursor.at += 1; // attributes of a record: unused
    const tsDeltaMs = readVarint(cursor);
    const offset = baseOffset + readVarint(cursor);
    const keyBytes = readVarint(cursor);
    const keyStart = cursor.at;
    if (keyBytes > 0) cursor.at += keyBytes;
    const valueBytes = readVarint(cursor);
    if (cursor.at + Math.max(0, valueBytes) > end) throw cutShort(baseOffset, i);
    if (offset >= position) {
      const value = valueBytes < 0 ? null : bytes.subarray(cursor.at, cursor.at + valueBytes);
      const logTsMs = appendTsMs ?? baseTsMs + tsDeltaMs;
      into.push(new FetchedRecord(offset, logTsMs, bytes, keyStart, keyBytes, value));
    }
    cursor.at = end; // passes the headers
  }
}

function cutShort(baseOffset: number, record: number): ReelstreamError {
  return new ReelstreamError(
    'bad_data',
    `record ${record} of the batch at offset ${baseOffset} is cut short`,
  );
}

/** Zigzag varint of up to 64 bits; exact to 2^53, which is all that offsets and times need. */
function readVarint(cursor: { readonly bytes: Buffer; at: number }): number {
  const { bytes } = cursor;
  let byte = bytes[cursor.at++]!;
  let low = byte & 0x7f;
  let shift = 7;
  while (byte & 0x80 && shift < 28) {
    byte = bytes[cursor.at++]!;
    low |= (byte & 0x7f) << shift;
    shift += 7;
  }
  if (!(byte & 0x80)) return (low >>> 1) ^ -(low & 1);
  let value = low;
  let factor = 2 ** 28;
  while (byte & 0x80 && factor < 2 ** 63) {
    byte = bytes[cursor.at++]!;
    value += (byte & 0x7f) * factor;
    factor *= 128;
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** A length and that many bytes of UTF-8; '' where there is nothing. */
function readText(cursor: { readonly bytes: Buffer; at: number }): string {
  const length = Math.max(0, readVarint(cursor));
  cursor.at += length;
  return cursor.bytes.toString('utf8', cursor.at - length, cursor.at);
}

/** int64 as a number: exact to 2^53. */
function readLong(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
