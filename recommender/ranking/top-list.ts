/** The `limit` highest scores seen, highest first; of equal scores the one offered first. Holds no more than that. */
export interface TopList {
  readonly length: number;
  readonly keys: Int32Array;
  readonly scores: Float64Array;
  /** scores at or below this cannot enter */
  readonly threshold: number;
  clear(limit: number): void;
  offer(key: number, score: number): void;
}

/** @param maxLimit places there is room for */
export function createTopList(maxLimit: number): TopList {
  const keys = new Int32Array(maxLimit);
  const scores = new Float64Array(maxLimit);
  let capacity = maxLimit;
  let length = 0;
  return {
    keys,
    scores,
    get length() {
      return length;
    },
    get threshold() {
      if (length < capacity) return Number.NEGATIVE_INFINITY;
      return capacity === 0 ? Number.POSITIVE_INFINITY : scores[capacity - 1]!;
    },
    clear(limit) {
      capacity = Math.min(limit, maxLimit);
      length = 0;
    },
    offer(key, score) {
      if (length === capacity && (capacity === 0 || !(score > scores[capacity - 1]!))) return;
      let at = length < capacity ? length++ : capacity - 1;
      for (; at > 0 && scores[at - 1]! < score; at--) {
        scores[at] = scores[at - 1]!;
        keys[at] = keys[at - 1]!;
      }
      scores[at] = score;
      keys[at] = key;
    },
  };
}
