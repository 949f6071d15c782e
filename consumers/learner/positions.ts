import type { Clock } from '../../core/clock.ts';

/** Who waits for which record to be applied. */
export interface PositionWaiters {
  /** true once `position(partition)` has passed the offset, false at the deadline */
  reached(partition: number, offset: number, timeoutMs: number): Promise<boolean>;
  /** the partition stands at `position` now */
  moved(partition: number, position: number): void;
}

interface Waiter {
  readonly offset: number;
  readonly arrived: AbortController;
}

/** @param positionOf next offset of a partition; undefined for one that is not read */
export function createPositionWaiters(
  clock: Clock,
  positionOf: (partition: number) => number | undefined,
): PositionWaiters {
  const waiting = new Map<number, Set<Waiter>>();
  const hasPassed = (partition: number, offset: number) => (positionOf(partition) ?? -1) > offset;
  return {
    async reached(partition, offset, timeoutMs) {
      if (hasPassed(partition, offset)) return true;
      if (positionOf(partition) === undefined) return false;
      const waiter: Waiter = { offset, arrived: new AbortController() };
      const waiters = waiting.get(partition) ?? new Set();
      waiting.set(partition, waiters.add(waiter));
      await clock.sleep(timeoutMs, waiter.arrived.signal);
      waiters.delete(waiter);
      return waiter.arrived.signal.aborted;
    },
    moved(partition, position) {
      for (const waiter of waiting.get(partition) ?? []) {
        if (waiter.offset < position) waiter.arrived.abort();
      }
    },
  };
}
