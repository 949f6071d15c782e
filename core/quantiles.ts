/** Values are told apart to within this share of themselves. */
const RESOLUTION = 0.01;
const GROWTH = Math.log1p(RESOLUTION);
/** covers 0 to about e^(BUCKETS * GROWTH): with milliseconds, some decades */
const BUCKETS = 2_800;

/** Quantiles of a stream of weighted values, in constant memory. */
export interface Quantiles {
  /** @param value 0 or more, in any one unit; larger than the range counts in the last bucket */
  add(value: number, weight?: number): void;
  /** value at or below which a share `q` (0 to 1) of the weight lies; null while empty */
  at(q: number): number | null;
}

export function createQuantiles(): Quantiles {
  const weights = new Float64Array(BUCKETS);
  let total = 0;
  return {
    add(value, weight = 1) {
      const bucket = Math.min(BUCKETS - 1, Math.floor(Math.log1p(Math.max(0, value)) / GROWTH));
      weights[bucket] = weights[bucket]! + weight;
      total += weight;
    },
    at(q) {
      if (total === 0) return null;
      let seen = 0;
      for (let bucket = 0; bucket < BUCKETS; bucket++) {
        seen += weights[bucket]!;
        if (seen >= q * total && weights[bucket]! > 0) return Math.expm1((bucket + 0.5) * GROWTH);
      }
      return Math.expm1(BUCKETS * GROWTH);
    },
  };
}
