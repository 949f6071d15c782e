import type { ClickHouse } from '../clickhouse/connection.ts';
import { systemClock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';

/** How fast a table filled, and what it cost, between its first rows and 90 % of all. */
export interface Rise<Name extends string> {
  readonly eventsPerSecond: number;
  /** CPU microseconds per event by process */
  readonly cpuMicros: Readonly<Record<Name, number>>;
}

const POLL_MS = 50;
const DEADLINE_MS = 600_000;
/**
 * Joining a group and the flush of a last, partly filled block take seconds that say nothing about the rate. Both ends are
 * left out on every side of a comparison.
 */
const MEASURED_SHARE = 0.9;

interface Point {
  readonly rows: number;
  readonly atMs: number;
  readonly cpuSeconds: readonly number[];
}

/**
 * Watches events_raw grow to `events` rows.
 * @param cpuSeconds seconds used so far by a process
 * @throws ReelstreamError `timeout` when they do not come
 */
export async function measureRise<Name extends string>(
  clickhouse: ClickHouse,
  events: number,
  processes: readonly Name[],
  cpuSeconds: (name: Name) => number,
): Promise<Rise<Name>> {
  const now = (rows: number): Point => ({
    rows,
    atMs: systemClock.monotonicMs(),
    cpuSeconds: processes.map(cpuSeconds),
  });
  const deadlineMs = systemClock.monotonicMs() + DEADLINE_MS;
  let first: Point | null = null;
  let last: Point | null = null;
  for (;;) {
    const rows = await rowsOf(clickhouse);
    if (rows > 0) first ??= now(rows);
    if (rows >= events * MEASURED_SHARE) last ??= now(rows);
    if (first && last && rows >= events) return riseBetween(first, last, processes);
    if (systemClock.monotonicMs() > deadlineMs)
      throw new ReelstreamError('timeout', `only ${rows} of ${events} rows in time`);
    await systemClock.sleep(POLL_MS);
  }
}

function riseBetween<Name extends string>(first: Point, last: Point, processes: readonly Name[]): Rise<Name> {
  const rows = last.rows - first.rows;
  if (rows <= 0) throw new ReelstreamError('usage', 'too few events to measure a rate: ask for more');
  const micros = processes.map((name, i) => [
    name,
    ((last.cpuSeconds[i]! - first.cpuSeconds[i]!) / rows) * 1e6,
  ]);
  return {
    eventsPerSecond: (rows / (last.atMs - first.atMs)) * 1_000,
    cpuMicros: Object.fromEntries(micros) as Record<Name, number>,
  };
}

/** From the parts' metadata, so that looking costs the engine nothing. */
async function rowsOf(clickhouse: ClickHouse): Promise<number> {
  const [found] = await clickhouse.query<{ n: string }>('SELECT count() AS n FROM events_raw');
  return Number(found?.n);
}
