import type { Clock } from '../core/clock.ts';

/** What callbacks and background work leave for the one loop that owns the state. */
export interface Inbox<T> {
  /** Never waits, never throws. */
  post(event: T): void;
  /** Everything that waits, in order; or nothing after `waitMs`. One reader only. */
  take(waitMs: number): Promise<readonly T[]>;
}

export function createInbox<T>(clock: Clock): Inbox<T> {
  let waiting: T[] = [];
  let arrived: AbortController | null = null;
  return {
    post(event) {
      waiting.push(event);
      arrived?.abort();
    },
    async take(waitMs) {
      if (waiting.length === 0) {
        arrived = new AbortController();
        await clock.sleep(waitMs, arrived.signal);
        arrived = null;
      }
      const taken = waiting;
      waiting = [];
      return taken;
    },
  };
}
