import type { Clock } from '../core/clock.ts';

/** When Prometheus came for the figures. */
export interface Scrapes {
  /** before the figures are read; what it returns is called when the answer has gone out */
  begin(): () => void;
  /** How long `untilNext` would wait; 0 when nobody ever came. */
  longestWaitMs(): number;
  /**
   * Resolves when the figures of this moment have been fetched: a process that ends takes with it what changed since the last
   * scrape. At once when nobody ever came; when nobody comes any more, after a little more than the time between two scrapes.
   * @param signal ends it at once
   */
  untilNext(signal?: AbortSignal): Promise<void>;
}

/** Who came only a few times may come every 15 seconds, as in Prometheus' own example. */
const USUAL_INTERVAL_MS = 15_000;
/** Nobody who stops a service should wait for longer. */
const LONGEST_WAIT_MS = 20_000;
const PATIENCE = 1.25;
/** Two servers, or a second try, come shortly after one another: the longest of some gaps is what one of them leaves. */
const REMEMBERED_GAPS = 8;
/** One alone may be that between two servers. */
const ENOUGH_GAPS = 2;

export function createScrapes(clock: Clock): Scrapes {
  const waiting = new Set<() => void>();
  let lastBeganMs: number | null = null;
  const gapsMs: number[] = [];
  const longestWaitMs = (): number => {
    if (lastBeganMs === null) return 0;
    const intervalMs = gapsMs.length < ENOUGH_GAPS ? USUAL_INTERVAL_MS : Math.max(...gapsMs);
    return Math.min(LONGEST_WAIT_MS, intervalMs * PATIENCE);
  };
  return {
    begin() {
      const nowMs = clock.monotonicMs();
      if (lastBeganMs !== null) gapsMs.push(nowMs - lastBeganMs);
      if (gapsMs.length > REMEMBERED_GAPS) gapsMs.shift();
      lastBeganMs = nowMs;
      // who comes to wait from here on wants figures that this answer does not have
      const served = [...waiting];
      return () => {
        for (const wake of served) wake();
      };
    },
    longestWaitMs,
    async untilNext(signal) {
      const waitMs = longestWaitMs();
      if (waitMs === 0 || signal?.aborted) return;
      const over = new AbortController();
      const wake = () => over.abort();
      waiting.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
      await clock.sleep(waitMs, over.signal);
      signal?.removeEventListener('abort', wake);
      waiting.delete(wake);
    },
  };
}
