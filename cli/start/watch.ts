import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { DRAIN_DEADLINE_MS } from './deadlines.ts';
import type { RawCounts } from './log-range.ts';

/** How a run is looked at from outside. */
export interface Look {
  /** records of the run in Kafka */
  records(): Promise<number>;
  /** and in ClickHouse */
  rows(): Promise<RawCounts>;
  residentBytes(): number;
  show(line: string): void;
}

export interface RunLength {
  readonly startedAtMs: number;
  readonly forMs?: number | undefined;
  readonly stop: AbortSignal;
}

const LOOK_INTERVAL_MS = 500;

/** Shows figures until the stop; returns when the run's first row was aggregated, counted from the command's start. */
export async function untilStopped(look: Look, run: RunLength): Promise<number | null> {
  let firstRowMs: number | null = null;
  const endsAtMs = systemClock.monotonicMs() + (run.forMs ?? Number.POSITIVE_INFINITY);
  while (!run.stop.aborted && systemClock.monotonicMs() < endsAtMs) {
    const [records, raw] = await Promise.all([look.records(), look.rows()]);
    const elapsedMs = systemClock.monotonicMs() - run.startedAtMs;
    if (raw.rows > 0) firstRowMs ??= elapsedMs;
    look.show(progressLine(elapsedMs, records, raw, look.residentBytes()));
    const restMs = Math.max(0, endsAtMs - systemClock.monotonicMs());
    await systemClock.sleep(Math.min(LOOK_INTERVAL_MS, restMs), run.stop);
  }
  return firstRowMs;
}

/**
 * Waits until everything that is in Kafka now is in ClickHouse.
 * @throws ReelstreamError `timeout`
 */
export async function untilDrained(look: Look): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + DRAIN_DEADLINE_MS;
  const records = await look.records();
  for (;;) {
    const { rows } = await look.rows();
    if (rows >= records) return;
    look.show(`draining: ${whole(records - rows)} records to go`);
    if (systemClock.monotonicMs() > deadlineMs) {
      throw new ReelstreamError('timeout', `the sink has not taken ${records - rows} records; see its log`);
    }
    await systemClock.sleep(LOOK_INTERVAL_MS);
  }
}

function progressLine(elapsedMs: number, records: number, raw: RawCounts, bytes: number): string {
  return [
    `${(elapsedMs / 1_000).toFixed(0)} s`,
    `in Kafka ${whole(records)}`,
    `in ClickHouse ${whole(raw.rows)}`,
    `behind ${whole(Math.max(0, records - raw.rows))}`,
    `dead letters ${raw.deadLetters}`,
    `memory ${Math.round(bytes / 1e6)} MB`,
  ].join('  ');
}

function whole(number: number): string {
  return number.toLocaleString('en-US');
}
