/**
 * A log-linear histogram (as HdrHistogram's) of whole numbers: every value is told from others to within a thousandth of
 * itself, in constant memory, at the cost of one addition. Unlike perf_hooks' it can be sent to another process and added
 * there, which is how the workers of one run share one distribution.
 */
export interface Histogram {
  /** @param value 0 or more; fractions are cut, larger than the range counts as the largest */
  record(value: number): void;
  /** adds another histogram's counts */
  add(counts: HistogramCounts): void;
  readonly count: number;
  /** the exact largest and the exact sum */
  readonly max: number;
  readonly sum: number;
  /** Value at or below which a share `q` (0 to 1) lies, rounded up within its thousandth; null while empty. */
  at(q: number): number | null;
  /** the counts so far, and starts anew */
  take(): HistogramCounts;
  counts(): HistogramCounts;
}

/** Plain data: cells that were hit, by index, in order. */
export interface HistogramCounts {
  readonly cells: readonly number[];
  readonly hits: readonly number[];
  readonly max: number;
  readonly sum: number;
}

/** Cells per octave: half a thousandth to a thousandth of a value each. */
const SUB_BITS = 10;
const SUB = 1 << SUB_BITS;
const LARGEST = 2 ** 32 - 1;
/** values below SUB have a cell each; every octave above has SUB more */
const CELLS = SUB * (33 - SUB_BITS);

export function createHistogram(): Histogram {
  const hits = new Float64Array(CELLS);
  let count = 0;
  let max = 0;
  let sum = 0;

  const counts = (): HistogramCounts => {
    const cells: number[] = [];
    for (let cell = 0; cell < CELLS; cell++) if (hits[cell]! > 0) cells.push(cell);
    return { cells, hits: cells.map((cell) => hits[cell]!), max, sum };
  };
  return {
    record(value) {
      hits[cellOf(value)]! += 1;
      count += 1;
      sum += value;
      if (value > max) max = value;
    },
    add(other) {
      other.cells.forEach((cell, i) => {
        hits[cell]! += other.hits[i]!;
        count += other.hits[i]!;
      });
      sum += other.sum;
      max = Math.max(max, other.max);
    },
    get count() {
      return count;
    },
    get max() {
      return max;
    },
    get sum() {
      return sum;
    },
    at(q) {
      if (count === 0) return null;
      let seen = 0;
      for (let cell = 0; cell < CELLS; cell++) {
        seen += hits[cell]!;
        if (hits[cell]! > 0 && seen >= q * count) return Math.min(max, highestOf(cell));
      }
      return max;
    },
    counts,
    take() {
      const taken = counts();
      hits.fill(0);
      count = 0;
      max = 0;
      sum = 0;
      return taken;
    },
  };
}

function cellOf(value: number): number {
  const whole = value > LARGEST ? LARGEST : value > 0 ? Math.floor(value) : 0;
  if (whole < SUB) return whole;
  // the octave's number, then the bits below its leading one
  const octave = 31 - Math.clz32(whole) - SUB_BITS;
  return SUB * (octave + 1) + (whole >>> octave) - SUB;
}

/** The largest whole number of a cell. */
function highestOf(cell: number): number {
  if (cell < SUB) return cell;
  const octave = Math.floor(cell / SUB) - 1;
  return ((cell % SUB) + SUB + 1) * 2 ** octave - 1;
}

/** The value a cell stands for: its middle. */
export function valueOfCell(cell: number): number {
  if (cell < SUB) return cell;
  const octave = Math.floor(cell / SUB) - 1;
  return ((cell % SUB) + SUB + 0.5) * 2 ** octave;
}
