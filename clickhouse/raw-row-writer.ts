import type { LogRecord } from '../core/log-record.ts';
import { EVENT_KINDS, type EventKind } from '../core/rating-event.ts';
import type { Hash64 } from '../core/value-hash.ts';
import { type Judgement, reasonOf, type VerdictKind } from '../core/verdict.ts';
import type { Film } from './film-index.ts';
import { encodeString } from './row-binary.ts';
import type { Slot } from './sink-store.ts';

/** Enum values of `events_raw`. They are stored: numbers are never reused. A test compares them with the table. */
export const VERDICT_VALUES: Readonly<Record<VerdictKind, number>> = { ok: 1, drop: 2, dead_letter: 3 };
export const REASON_VALUES: Readonly<Record<ReturnType<typeof reasonOf>, number>> = {
  none: 0,
  bad_magic: 1,
  unknown_schema: 2,
  decode: 3,
  trailing_bytes: 4,
  domain: 5,
  too_large: 6,
  duplicate: 20,
  canary: 21,
};
export const KIND_VALUES = Object.fromEntries(EVENT_KINDS.map((kind, i) => [kind, i + 1])) as Readonly<
  Record<EventKind, number>
>;

/** Bytes of a row before `source`; the writer below is the other half of this layout (`BODY_COLUMNS` in raw-columns.ts). */
const FIXED_BYTES = 75;
const TWO_TO_32 = 4_294_967_296;
const MAX_UINT32 = 4_294_967_295;
/** DateTime64(3) ends in 2299; an event time from bytes that made no sense is stored as 1970 */
const MAX_TIME_MS = Date.UTC(2299, 0, 1);
const INITIAL_BYTES = 64 * 1024;

/** Rows of one slot for `events_raw`, as RowBinary, in the order of their offsets. */
export interface RawRowWriter {
  readonly rows: number;
  readonly bytes: number;
  /** Nothing is kept of the arguments. Ids and times outside the columns' ranges (dead letters only) are stored as 0. */
  append(record: LogRecord, hash: Hash64, skippedBefore: number, judgement: Judgement, film: Film): void;
  /** the rows so far; the writer starts anew */
  take(): Buffer;
}

/** Writes into one growing slab, without an allocation per row: this runs once per event. */
export function createRawRowWriter(slot: Slot, initialBytes = INITIAL_BYTES): RawRowWriter {
  let slab = Buffer.allocUnsafe(initialBytes);
  let view = viewOf(slab);
  let bytes = 0;
  let rows = 0;
  let lastSource = '';
  let encodedSource: Uint8Array = encodeString('');

  function reserve(needed: number): void {
    if (bytes + needed <= slab.length) return;
    const larger = Buffer.allocUnsafe(Math.max(slab.length * 2, bytes + needed));
    slab.copy(larger, 0, 0, bytes);
    slab = larger;
    view = viewOf(slab);
  }

  function putUInt64(at: number, value: number): void {
    view.setUint32(at, value >>> 0, true);
    view.setUint32(at + 4, Math.floor(value / TWO_TO_32), true);
  }

  function putFacts(at: number, { verdict, event, late }: Judgement): void {
    slab[at + 54] = VERDICT_VALUES[verdict.kind];
    slab[at + 55] = REASON_VALUES[reasonOf(verdict)];
    slab[at + 56] = late ? 1 : 0;
    if (event === null) {
      slab.fill(0, at + 26, at + 42);
      slab.fill(0, at + 57, at + FIXED_BYTES);
      return;
    }
    const id = event.eventId;
    for (let i = 0; i < 16; i++) slab[at + 26 + i] = id[i]!;
    slab[at + 57] = KIND_VALUES[event.kind];
    view.setUint32(at + 58, inRange(event.userId, MAX_UINT32), true);
    view.setUint32(at + 62, inRange(event.movieId, MAX_UINT32), true);
    slab[at + 66] = event.rating === null ? 0 : inRange(Math.round(event.rating * 2), 10);
    putUInt64(at + 67, inRange(event.tsMs, MAX_TIME_MS));
  }

  function putBytes(source: Uint8Array): void {
    for (let i = 0; i < source.length; i++) slab[bytes + i] = source[i]!;
    bytes += source.length;
  }

  return {
    get rows() {
      return rows;
    },
    get bytes() {
      return bytes;
    },
    append(record, hash, skippedBefore, judgement, film) {
      const source = judgement.event === null ? '' : judgement.event.source;
      if (source !== lastSource) {
        encodedSource = encodeString(source);
        lastSource = source;
      }
      reserve(FIXED_BYTES + encodedSource.length + film.encoded.length);
      const at = bytes;
      view.setUint16(at, slot, true);
      putUInt64(at + 2, record.offset);
      putUInt64(at + 10, skippedBefore);
      putUInt64(at + 18, record.logTsMs);
      view.setUint32(at + 42, hash.lo, true);
      view.setUint32(at + 46, hash.hi, true);
      view.setUint32(at + 50, record.value === null ? 0 : record.value.length, true);
      putFacts(at, judgement);
      bytes = at + FIXED_BYTES;
      putBytes(encodedSource);
      putBytes(film.encoded);
      rows++;
    },
    take() {
      const taken = slab.subarray(0, bytes);
      slab = Buffer.allocUnsafe(Math.max(initialBytes, bytes));
      view = viewOf(slab);
      bytes = 0;
      rows = 0;
      return taken;
    },
  };
}

const viewOf = (slab: Buffer) => new DataView(slab.buffer, slab.byteOffset, slab.length);

function inRange(value: number, max: number): number {
  return value >= 0 && value <= max ? value : 0;
}
