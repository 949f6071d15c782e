/** Numbers that follow each other by a fixed step, added in rising order. */
export interface NumberRanges {
  add(first: number, count: number): void;
  /** only for numbers that a step can reach */
  has(n: number): boolean;
  countBelow(bound: number): number;
}

export function createNumberRanges(step: number): NumberRanges {
  const firsts: number[] = [];
  const counts: number[] = [];
  /** numbers in the ranges before */
  const before: number[] = [];
  let total = 0;

  /** the last range that begins at or before `n`; -1 for none */
  const rangeAt = (n: number): number => {
    let low = 0;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (firsts[middle]! <= n) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  /** numbers of a range that lie below; all of them when it ends before */
  const within = (range: number, bound: number): number =>
    Math.min(counts[range]!, Math.max(0, Math.ceil((bound - firsts[range]!) / step)));

  return {
    add(first, count) {
      firsts.push(first);
      counts.push(count);
      before.push(total);
      total += count;
    },
    has(n) {
      const range = rangeAt(n);
      return range >= 0 && n < firsts[range]! + counts[range]! * step;
    },
    countBelow(bound) {
      const range = rangeAt(bound - 1);
      return range < 0 ? 0 : before[range]! + within(range, bound);
    },
  };
}
