import type { JournalEntry } from './journal-codec.ts';

/** The order that an earlier life of this process left: followed entry by entry, then it is over. */
export interface Following {
  /** null when there is nothing left to follow */
  readonly current: JournalEntry | null;
  /** some records of the current run are taken */
  isBegun: boolean;
  readonly left: number;
  advance(): void;
  /** what is left does not fit the log: number of entries given up */
  abandon(): number;
  readonly isAbandoned: boolean;
}

export function createFollowing(entries: readonly JournalEntry[]): Following {
  let at = 0;
  let end = entries.length;
  const following = {
    get current() {
      return at < end ? entries[at]! : null;
    },
    isBegun: false,
    get left() {
      return end - at;
    },
    get isAbandoned() {
      return end < entries.length;
    },
    advance() {
      at += 1;
      following.isBegun = false;
    },
    abandon() {
      const left = end - at;
      end = at;
      following.isBegun = false;
      return left;
    },
  };
  return following;
}
