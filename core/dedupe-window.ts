/** Events with the id of an `ok` record at most this many offsets back in the same Kafka partition are duplicates. */
export const DEDUPE_WINDOW_OFFSETS = 100_000;

/** One entry as bytes: offset (UInt64, little endian), then the id. */
const ENTRY_BYTES = 24;

/** The ids of the `ok` records among the last offsets of one Kafka partition. */
export interface DedupeWindow {
  /**
   * True, and the id is remembered at `offset`, when no remembered id within the window equals it; false for a duplicate.
   * Only for records that are otherwise `ok`; offsets must rise from call to call.
   */
  admit(id: Uint8Array, offset: number): boolean;
  /** ids that still count for a record at `offset` */
  entriesAt(offset: number): number;
  /** the same as bytes, from which an equal window can be built */
  entries(offset: number): Uint8Array;
}

/**
 * Builds a window, filled from `recent` (24-byte entries in order of offset, as `SinkStore.recentIds` gives them).
 * @throws RangeError when `recent` is not made of whole entries
 *
 * A ring of entries in order of arrival, and chains over the ring that run from newer to older. Nothing is ever
 * unlinked: an entry that was overwritten or lies before the window ends its chain, because all behind it is older.
 * Entries are named by a running 32-bit number; numbers wrap, differences of them do not matter beyond the ring's size.
 */
export function createDedupeWindow(windowOffsets = DEDUPE_WINDOW_OFFSETS, recent?: Uint8Array): DedupeWindow {
  const capacity = powerOfTwoFrom(windowOffsets);
  const mask = capacity - 1;
  const heads = new Uint32Array(capacity);
  const older = new Uint32Array(capacity);
  const offsets = new Float64Array(capacity);
  const lanes = new Uint32Array(capacity * 4);
  // starting one ring in, the zeros of `heads` are too old to be entries
  let next = capacity;
  let oldest = capacity;

  function find(chain: number, firstOffset: number, a: number, b: number, c: number, d: number): boolean {
    let entry = heads[chain]!;
    let age = (next - entry) >>> 0;
    while (age >= 1 && age <= capacity) {
      const at = entry & mask;
      if (offsets[at]! < firstOffset) return false;
      const lane = at * 4;
      if (lanes[lane] === a && lanes[lane + 1] === b && lanes[lane + 2] === c && lanes[lane + 3] === d) {
        return true;
      }
      entry = older[at]!;
      const olderAge = (next - entry) >>> 0;
      if (olderAge <= age) return false;
      age = olderAge;
    }
    return false;
  }

  function admitAt(bytes: Uint8Array, start: number, offset: number): boolean {
    const a = laneAt(bytes, start);
    const b = laneAt(bytes, start + 4);
    const c = laneAt(bytes, start + 8);
    const d = laneAt(bytes, start + 12);
    const chain = mix(a, b, c, d) & mask;
    if (find(chain, offset - windowOffsets, a, b, c, d)) return false;
    const at = next & mask;
    const lane = at * 4;
    lanes[lane] = a;
    lanes[lane + 1] = b;
    lanes[lane + 2] = c;
    lanes[lane + 3] = d;
    offsets[at] = offset;
    older[at] = heads[chain]!;
    heads[chain] = next;
    next = (next + 1) >>> 0;
    if ((next - oldest) >>> 0 > capacity) oldest = (oldest + 1) >>> 0;
    return true;
  }

  if (recent) {
    if (recent.length % ENTRY_BYTES !== 0)
      throw new RangeError(`${recent.length} bytes are no whole entries`);
    const view = new DataView(recent.buffer, recent.byteOffset, recent.byteLength);
    for (let at = 0; at < recent.length; at += ENTRY_BYTES) {
      admitAt(recent, at + 8, view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32);
    }
  }

  function entriesAt(offset: number): number {
    while (oldest !== next && offsets[oldest & mask]! < offset - windowOffsets) oldest = (oldest + 1) >>> 0;
    return (next - oldest) >>> 0;
  }

  return {
    admit: (id, offset) => admitAt(id, 0, offset),
    entriesAt,
    entries(offset) {
      const bytes = new Uint8Array(entriesAt(offset) * ENTRY_BYTES);
      const view = new DataView(bytes.buffer);
      for (let at = 0, entry = oldest; at < bytes.length; at += ENTRY_BYTES, entry = (entry + 1) >>> 0) {
        const from = entry & mask;
        view.setUint32(at, offsets[from]! >>> 0, true);
        view.setUint32(at + 4, Math.floor(offsets[from]! / 2 ** 32), true);
        for (let lane = 0; lane < 4; lane++) {
          view.setUint32(at + 8 + lane * 4, lanes[from * 4 + lane]!, true);
        }
      }
      return bytes;
    },
  };
}

function laneAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** Ids may be counters, so every bit must reach the low bits that choose the chain. */
function mix(a: number, b: number, c: number, d: number): number {
  let h =
    Math.imul(a, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35) ^ Math.imul(c, 0x27d4eb2f) ^ Math.imul(d, 0x165667b1);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}

function powerOfTwoFrom(n: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, n)));
}
