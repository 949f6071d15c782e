import type { Schedule } from './schedule.ts';

/** Everything is due at once: as fast as it is taken. It has no rate, and nothing of it is early or late. */
export const UNPACED: Schedule = {
  intendedMs: () => 0,
  dueBy: (ms) => (ms < 0 ? 0 : Number.MAX_SAFE_INTEGER),
  rateAt: () => 0,
  scale() {},
};
