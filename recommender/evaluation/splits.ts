import type { Ratings } from './ratings.ts';

export interface Split {
  /** row numbers in order of time */
  readonly train: Int32Array;
  readonly test: Int32Array;
}

export const HELD_OUT = 10;
const SESSION_GAP_SECONDS = 86_400;

/** Each user's last ten ratings are the test: what comes next within a session, mostly. */
export function splitLast(ratings: Ratings, order: Int32Array): Split {
  const left = new Map<number, number>();
  for (const row of order) left.set(ratings.userIds[row]!, (left.get(ratings.userIds[row]!) ?? 0) + 1);
  return partition(order, (row) => {
    const user = ratings.userIds[row]!;
    const rest = left.get(user)!;
    left.set(user, rest - 1);
    return rest > HELD_OUT ? 'train' : 'test';
  });
}

/** The first ten ratings after a user's last pause of more than a day; what came later in that session is left out. */
export function splitNextSession(ratings: Ratings, order: Int32Array): Split {
  const byUser = new Map<number, number[]>();
  for (const row of order) {
    const rows = byUser.get(ratings.userIds[row]!);
    if (rows) rows.push(row);
    else byUser.set(ratings.userIds[row]!, [row]);
  }
  const role = new Map<number, 'test' | 'out'>();
  for (const rows of byUser.values()) {
    const start = lastSessionStart(ratings, rows);
    if (start < HELD_OUT) continue;
    rows.slice(start).forEach((row, n) => {
      role.set(row, n < HELD_OUT ? 'test' : 'out');
    });
  }
  return partition(order, (row) => role.get(row) ?? 'train');
}

function lastSessionStart(ratings: Ratings, rows: readonly number[]): number {
  for (let n = rows.length - 1; n > 0; n--) {
    if (ratings.seconds[rows[n]!]! - ratings.seconds[rows[n - 1]!]! > SESSION_GAP_SECONDS) return n;
  }
  return -1;
}

function partition(order: Int32Array, roleOf: (row: number) => 'train' | 'test' | 'out'): Split {
  const roles = Array.from(order, roleOf);
  return {
    train: order.filter((_, n) => roles[n] === 'train'),
    test: order.filter((_, n) => roles[n] === 'test'),
  };
}
