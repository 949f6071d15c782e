import { float32, float64 } from '../state/column.ts';
import { createTable, type Table } from '../state/table.ts';

/**
 * A user's mood: the recent residuals of one user, fading with event time. It moves all of a user's predictions alike, so
 * it betters the shown rating and never the order of films.
 */
export interface Drift {
  readonly table: Table;
  ensure(users: number): void;
  /** stars to add to a prediction at that time */
  at(user: number, tsMs: number): number;
  /** @param residual stars by which the rating exceeded the engine's prediction, without drift */
  learn(user: number, residual: number, tsMs: number): void;
  reset(user: number): void;
}

const HALF_LIFE_MS = 600_000;
const FADING = Math.LN2 / HALF_LIFE_MS;
const GAIN = 0.1;

export function createDrift(): Drift {
  const table = createTable('drift', { stars: float32(), tsMs: float64() });
  const { stars, tsMs: times } = table.columns;

  const at = (user: number, tsMs: number): number => {
    const value = stars.data[user]!;
    if (value === 0) return 0;
    // an event older than the newest one finds the mood as it is
    const age = tsMs - times.data[user]!;
    return age > 0 ? value * Math.exp(-age * FADING) : value;
  };

  return {
    table,
    ensure: table.ensure,
    at,
    learn(user, residual, tsMs) {
      const value = at(user, tsMs);
      const next = value + GAIN * (residual - value);
      if (!Number.isFinite(next)) return;
      stars.data[user] = next;
      times.data[user] = Math.max(tsMs, times.data[user]!);
    },
    reset(user) {
      stars.data[user] = 0;
      times.data[user] = 0;
    },
  };
}
