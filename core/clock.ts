/** Time as a dependency, so that every wait and every age can be tested by hand. */
export interface Clock {
  /** wall clock, ms since 1970 */
  nowMs(): number;
  /** never goes back; only differences mean anything */
  monotonicMs(): number;
  /** resolves after `ms`, or at once when the signal is aborted */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
    }),
};

export interface ManualClock extends Clock {
  /** moves time forward and wakes every sleeper that is due, in order of its due time */
  advance(ms: number): Promise<void>;
}

/** A clock moved by hand. */
export function createManualClock(startMs = 0): ManualClock {
  let nowMs = startMs;
  let sleepers: { dueMs: number; wake: () => void }[] = [];
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted || ms <= 0) return resolve();
        const wake = () => {
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        sleepers.push({ dueMs: nowMs + ms, wake });
        signal?.addEventListener('abort', wake, { once: true });
      }),
    async advance(ms) {
      const targetMs = nowMs + ms;
      for (;;) {
        const due = sleepers.filter((s) => s.dueMs <= targetMs).sort((a, b) => a.dueMs - b.dueMs)[0];
        if (!due) break;
        nowMs = Math.max(nowMs, due.dueMs);
        sleepers = sleepers.filter((s) => s !== due);
        due.wake();
        await settle();
      }
      // whoever was woken may have moved it on further
      nowMs = Math.max(nowMs, targetMs);
      await settle();
    },
  };
}
