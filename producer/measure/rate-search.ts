/** Looks for the highest rate that is kept up: doubles until one is not, then halves the gap. */
export interface RateSearch {
  /** the rate to try next; null when the answer is close enough */
  next(): number | null;
  tell(rate: number, isKeptUp: boolean): void;
  /** highest rate that was kept up; null while there is none */
  readonly best: number | null;
}

/** Closer than this share of the rate is not worth another trial: machines vary by more. */
const PRECISION = 0.05;
const MAX_TRIALS = 30;

/** @param startRate tried first; halved while it is too high */
export function createRateSearch(startRate: number): RateSearch {
  let best: number | null = null;
  let tooHigh = Number.POSITIVE_INFINITY;
  let trials = 0;
  return {
    next() {
      if (trials >= MAX_TRIALS) return null;
      if (best === null) return tooHigh === Number.POSITIVE_INFINITY ? startRate : belowOrNull(tooHigh / 2);
      if (tooHigh === Number.POSITIVE_INFINITY) return best * 2;
      return tooHigh - best <= best * PRECISION ? null : (best + tooHigh) / 2;
    },
    tell(rate, isKeptUp) {
      trials += 1;
      if (isKeptUp) best = Math.max(best ?? 0, rate);
      else tooHigh = Math.min(tooHigh, rate);
    },
    get best() {
      return best;
    },
  };
}

/** A process that cannot send one event per second will not be measured. */
function belowOrNull(rate: number): number | null {
  return rate >= 1 ? rate : null;
}
