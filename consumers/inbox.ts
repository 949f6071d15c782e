import type { Clock } from '../core/clock.ts';

/** What callbacks and background work leave for the one loop that owns the state. */
export interface Inbox<T> {
  /** Never waits, never throws. */
  post(event: T): void;
  /** The `take` that waits, or else the next one, does not wait. */
  wake(): void;
  /** Everything that waits, in order; or nothing after `waitMs`. One reader only. */
  take(waitMs: number): Promise<readonly T[]>;
}

export function createInbox<T>(clock: Clock): Inbox<T> {
  let waiting: T[] = [];
  let isWoken = false;
  let asleep: AbortController | null = null;
  const wake = () => {
    isWoken = true;
    asleep?.abort();
  };
  return {
    post(event) {
      waiting.push(event);
      wake();
    },
    wake,
    async take(waitMs) {
      if (!isWoken) {
        asleep = new AbortController();
        await clock.sleep(waitMs, asleep.signal);
        asleep = null;
      }
      isWoken = false;
      const taken = waiting;
      waiting = [];
      return taken;
    },
  };
}
