import type { Clock } from '../core/clock.ts';

/** When Prometheus came for the figures. */
export interface Scrapes {
  /** before the figures are read; what it returns is called when the answer has gone out */
  begin(): () => void;
  /**
   * Resolves when the figures of this moment have been fetched: a process that ends takes with it what changed since the last
   * scrape. At once when nobody ever came; when nobody comes any more, after a little more than the time between two scrapes.
   */
  untilNext(): Promise<void>;
}

/** Who came only once may come every 15 seconds, as in Prometheus' own example. */
const USUAL_INTERVAL_MS = 15_000;
/** Nobody who stops a service should wait for longer. */
const LONGEST_WAIT_MS = 20_000;
const PATIENCE = 1.25;

export function createScrapes(clock: Clock): Scrapes {
  const waiting = new Set<() => void>();
  let lastMs: number | null = null;
  let intervalMs = USUAL_INTERVAL_MS;
  return {
    begin() {
      // who comes to wait from here on wants figures that this answer does not have
      const served = [...waiting];
      return () => {
        const nowMs = clock.monotonicMs();
        if (lastMs !== null) intervalMs = nowMs - lastMs;
        lastMs = nowMs;
        for (const wake of served) wake();
      };
    },
    async untilNext() {
      if (lastMs === null) return;
      const over = new AbortController();
      const wake = () => over.abort();
      waiting.add(wake);
      await clock.sleep(Math.min(LONGEST_WAIT_MS, intervalMs * PATIENCE), over.signal);
      waiting.delete(wake);
    },
  };
}
