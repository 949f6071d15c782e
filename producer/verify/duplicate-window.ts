import { DEDUPE_WINDOW_OFFSETS } from '../../core/dedupe-window.ts';

/**
 * Which records of an event the pipeline takes for duplicates: those at most a window's length behind the last one that
 * counted, in the same Kafka partition. The same rule as core/dedupe-window.ts, for the few events that come more than
 * once, so that a copy which was sent too late is expected to count again.
 */
export interface DuplicateWindow {
  /** true: it counts, and later copies are held against it */
  admit(n: number, partition: number, offset: number): boolean;
  has(n: number): boolean;
}

interface Place {
  readonly partition: number;
  readonly offset: number;
}

export function createDuplicateWindow(): DuplicateWindow {
  const counted = new Map<number, Place>();
  return {
    has: (n) => counted.has(n),
    admit(n, partition, offset) {
      const last = counted.get(n);
      const isDuplicate = last?.partition === partition && offset - last.offset <= DEDUPE_WINDOW_OFFSETS;
      if (!isDuplicate) counted.set(n, { partition, offset });
      return !isDuplicate;
    },
  };
}
