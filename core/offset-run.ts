/** One answer to a fetch, as far as offsets are concerned. */
export interface FetchedRange {
  /** offset the fetch was asked from */
  readonly position: number;
  readonly records: readonly { readonly offset: number }[];
  /** offset to go on from */
  readonly nextPosition: number;
}

/**
 * Where one slot stands in its log. A record counts only as the next one, or behind a gap that lies inside fetches which
 * follow each other without a seam: such a gap is the log's own (transaction markers, aborted records, compaction).
 * A fetch asked from anywhere else proves nothing about the offsets before it.
 */
export interface OffsetRun {
  /** offset from which the next fetch must have been asked */
  readonly position: number;
  /** every record before this offset is taken; ahead of `position` while a fetch is only partly taken */
  readonly reached: number;
  /** true when every record of the fetch may be taken; false: throw it away and seek to `position` */
  accepts(fetch: FetchedRange): boolean;
  /** takes one record of an accepted fetch; returns the offsets that the log skipped before it */
  take(offset: number): number;
  /** all records of an accepted fetch are taken: go on behind it */
  finish(nextPosition: number): void;
  /** a part of an accepted fetch is taken: the rest will be fetched again */
  stopAt(offset: number): void;
}

export function createOffsetRun(startOffset: number): OffsetRun {
  let position = startOffset;
  let accounted = startOffset;
  return {
    get position() {
      return position;
    },
    get reached() {
      return Math.max(position, accounted);
    },
    accepts: (fetch) => fetch.position === position && isAscending(fetch),
    take(offset) {
      const skipped = offset - accounted;
      accounted = offset + 1;
      return skipped;
    },
    finish(nextPosition) {
      position = nextPosition;
    },
    stopAt(offset) {
      position = offset;
    },
  };
}

/** Records inside [position, nextPosition), each behind the one before. */
function isAscending({ position, records, nextPosition }: FetchedRange): boolean {
  let lowest = position;
  for (const { offset } of records) {
    if (offset < lowest) return false;
    lowest = offset + 1;
  }
  return lowest <= nextPosition;
}
