/**
 * Which events a worker sends. Worker k of K owns the numbers n with (n - first) % K = k, so that K workers send the same
 * events at the same intended times as one would.
 */
export interface Lane {
  readonly first: number;
  readonly worker: number;
  readonly workers: number;
}

/** Place of own event `i` in the schedule, and its distance from the run's first number. */
export function placeOf({ worker, workers }: Lane, i: number): number {
  return worker + i * workers;
}

export function numberOf(lane: Lane, i: number): number {
  return lane.first + placeOf(lane, i);
}

/** own events among the first `total` of the run */
export function ownOf({ worker, workers }: Lane, total: number): number {
  return total === Number.POSITIVE_INFINITY ? total : Math.max(0, Math.ceil((total - worker) / workers));
}
