import { systemClock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';

/** As Prometheus asks. */
const HEADERS = { Accept: 'text/plain;version=0.0.4', 'X-Prometheus-Scrape-Timeout-Seconds': '1' };

/** The text of `/metrics`. @throws ReelstreamError `unavailable` for anything but 200 */
export async function scrape(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: HEADERS });
  if (answer.ok) return answer.text();
  throw new ReelstreamError('unavailable', `port ${port} answered /metrics with ${answer.status}`);
}

/** Scrapes until it is stopped. */
export interface Scraper {
  /** resolves to how many scrapes were answered; rejects when one was not */
  stop(): Promise<number>;
}

export function startScraper(port: number, intervalMs: number): Scraper {
  const over = new AbortController();
  const run = async () => {
    let scrapes = 0;
    for (; !over.signal.aborted; scrapes++) {
      await scrape(port);
      await systemClock.sleep(intervalMs, over.signal);
    }
    return scrapes;
  };
  const running = run();
  // a rejection is for whoever stops it
  running.catch(() => undefined);
  return {
    stop() {
      over.abort();
      return running;
    },
  };
}

export interface ScrapeCost {
  readonly series: number;
  readonly bytes: number;
  /** of the scraped process, above what it uses when nobody asks */
  readonly cpuMs: number;
}

const IDLE_MS = 5_000;
const SCRAPES = 300;

/**
 * What a scrape costs a process that has nothing else to do.
 * @param cpuSeconds used so far, in hundredths of a second: hence so many scrapes
 */
export async function scrapeCost(
  port: number,
  cpuSeconds: () => number,
  countSeries: (exposition: string) => number,
): Promise<ScrapeCost> {
  const text = await scrape(port);
  const idleFrom = cpuSeconds();
  await systemClock.sleep(IDLE_MS);
  const from = cpuSeconds();
  const idlePerMs = (from - idleFrom) / IDLE_MS;
  const startedMs = systemClock.monotonicMs();
  for (let i = 0; i < SCRAPES; i++) await scrape(port);
  const elapsedMs = systemClock.monotonicMs() - startedMs;
  const ownSeconds = Math.max(0, cpuSeconds() - from - idlePerMs * elapsedMs);
  return {
    series: countSeries(text),
    bytes: Buffer.byteLength(text),
    cpuMs: (ownSeconds / SCRAPES) * 1_000,
  };
}
