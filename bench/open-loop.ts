import type { Clock } from '../core/clock.ts';
import { createHistogram } from '../core/histogram.ts';

/** Milliseconds from the time at which something was due, not from when it was sent: a stall counts for all it held up. */
export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface LatencyMeter {
  add(ms: number): void;
  read(): Latency;
}

const MICROS = 1_000;

export function createLatencyMeter(): LatencyMeter {
  const micros = createHistogram();
  const at = (q: number) => (micros.at(q) ?? 0) / MICROS;
  return {
    add: (ms) => micros.record(ms * MICROS),
    read: () => ({ count: micros.count, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: micros.max / MICROS }),
  };
}

const TICK_MS = 2;

/**
 * Calls `send` at a constant rate, whether or not earlier calls have been answered, and waits for the last of them.
 * @param send is handed the number of the call, from 0, and when it was due on the monotonic clock; must not reject
 * @param isOver ends it before its time
 */
export async function runOpenLoop(
  count: number,
  perSecond: number,
  clock: Clock,
  send: (n: number, dueAtMs: number) => Promise<void>,
  isOver: () => boolean = () => false,
): Promise<void> {
  const startMs = clock.monotonicMs();
  const dueAtMs = (n: number) => startMs + (n * 1_000) / perSecond;
  const waiting = new Set<Promise<void>>();
  for (let n = 0; n < count && !isOver(); ) {
    for (; n < count && dueAtMs(n) <= clock.monotonicMs(); n++) {
      const sent: Promise<void> = send(n, dueAtMs(n)).finally(() => waiting.delete(sent));
      waiting.add(sent);
    }
    if (n < count) await clock.sleep(Math.max(TICK_MS, dueAtMs(n) - clock.monotonicMs()));
  }
  await Promise.all(waiting);
}
