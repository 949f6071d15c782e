import type { Chance } from '../chance.ts';
import type { Arrivals } from './arrivals.ts';
import { createStepTable } from './step-table.ts';

export interface BatchOptions {
  readonly records: number;
  readonly recordsJitter: number;
  readonly intervalMs: number;
  readonly intervalJitterMs: number;
}

/** The generator this reproduces rounds its sleep to hundredths of a second, sleeps a tenth at least and sends one record at least. */
const GRAIN_MS = 10;
export const MIN_BATCH_INTERVAL_MS = 100;

/**
 * `records` ± jitter events at once every `intervalMs` ± jitter, the first of them at 0; the course counts milliseconds.
 * How many events batch `b` has and how long the next one waits depend on (seed, b) alone.
 */
export function batchArrivals(options: BatchOptions, chance: Chance): Arrivals {
  const recordsOf = (batch: number): number => {
    const { records, recordsJitter } = options;
    return Math.max(1, records - recordsJitter + chance.below(batch, 2 * recordsJitter + 1, 0));
  };
  const waitMsAfter = (batch: number): number => {
    const { intervalMs, intervalJitterMs } = options;
    const drawnMs = intervalMs + (2 * chance.unit(batch, 1) - 1) * intervalJitterMs;
    return Math.max(MIN_BATCH_INTERVAL_MS, Math.round(drawnMs / GRAIN_MS) * GRAIN_MS);
  };
  const batches = createStepTable((atMs, events, batch, end) => {
    end.x = atMs + waitMsAfter(batch);
    end.y = events + recordsOf(batch);
  });
  const meanDensity = options.records / Math.max(MIN_BATCH_INTERVAL_MS, options.intervalMs);
  return {
    positionOf(i) {
      const found = batches.byY(i)!;
      return found.x[found.at]!;
    },
    countBy(position) {
      const found = batches.byX(position)!;
      return found.y[found.at + 1]!;
    },
    densityAt: () => meanDensity,
  };
}
