/** The end of a step, and two numbers that whoever made it wants to find again. */
export interface StepEnd {
  x: number;
  y: number;
  a: number;
  b: number;
}

/**
 * A run of neighbouring steps. Step `at` goes from (x[at], y[at]) to (x[at + 1], y[at + 1]) and carries a[at], b[at].
 */
export interface StepRun {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly a: Float64Array;
  readonly b: Float64Array;
  length: number;
  /** the step that was looked for last */
  at: number;
}

/** Steps in a row from (0, 0), each known only from the one before; x and y never fall. */
export interface StepTable {
  /** The last step that begins at or before `x`, at `at` of the run; null when the steps end before. */
  byX(x: number): StepRun | null;
  /** The same by `y`: of steps that add no y the last one that could, so it always ends above `y`. */
  byY(y: number): StepRun | null;
}

/** Fills in the end of step `index`, which begins at (x, y). An `x` of Infinity makes it the last one. */
export type MakeStep = (x: number, y: number, index: number, end: StepEnd) => void;

/**
 * Steps remembered are one in 256: a schedule runs for weeks and may be asked about any moment of them, so the runs in
 * between are made again when they are wanted. Four stay at hand, because a producer that is behind asks about then and now.
 */
const RUN_STEPS = 256;
const RUNS_AT_HAND = 4;
/**
 * Two dips that together leave nothing over would be searched for the next event for ever. So many runs without any
 * (100,000 steps) are taken for the end.
 */
const MAX_EMPTY_RUNS = 400;

export function createStepTable(make: MakeStep): StepTable {
  const marks: Record<'x' | 'y', number[]> = { x: [0], y: [0] };
  const atHand: { number: number; run: StepRun }[] = Array.from({ length: RUNS_AT_HAND }, () => ({
    number: -1,
    run: emptyRun(),
  }));
  let recent = atHand[0]!.run;

  const fill = (run: StepRun, number: number): void => {
    const end: StepEnd = { x: marks.x[number]!, y: marks.y[number]!, a: 0, b: 0 };
    run.at = 0;
    run.length = 0;
    run.x[0] = end.x;
    run.y[0] = end.y;
    while (run.length < RUN_STEPS && end.x < Number.POSITIVE_INFINITY) {
      const step = run.length;
      make(end.x, end.y, number * RUN_STEPS + step, end);
      run.a[step] = end.a;
      run.b[step] = end.b;
      run.length = step + 1;
      run.x[step + 1] = end.x;
      run.y[step + 1] = end.y;
    }
    if (number + 1 === marks.x.length && end.x < Number.POSITIVE_INFINITY) {
      marks.x.push(end.x);
      marks.y.push(end.y);
    }
  };

  const runOf = (number: number): StepRun => {
    const place = atHand[number % RUNS_AT_HAND]!;
    if (place.number !== number) {
      place.number = number;
      fill(place.run, number);
    }
    return place.run;
  };

  const load = (by: 'x' | 'y', value: number): StepRun | null => {
    let number = lastAtOrBelow(marks[by], value);
    let run = runOf(number);
    while (!isBetween(run[by], 0, run.length, value)) {
      number += 1;
      if (number === marks.x.length || (by === 'y' && isEmpty(marks.y, number))) return null;
      run = runOf(number);
    }
    return run;
  };

  const find = (by: 'x' | 'y', value: number): StepRun | null => {
    const run = isBetween(recent[by], 0, recent.length, value) ? recent : load(by, value);
    if (!run) return null;
    const starts = run[by];
    if (starts[run.at]! > value) run.at = 0;
    while (starts[run.at + 1]! <= value) run.at += 1;
    recent = run;
    return run;
  };
  return {
    byX: (x) => (isBetween(recent.x, recent.at, recent.at + 1, x) ? recent : find('x', x)),
    byY: (y) => (isBetween(recent.y, recent.at, recent.at + 1, y) ? recent : find('y', y)),
  };
}

function isBetween(starts: Float64Array, from: number, to: number, value: number): boolean {
  return starts[from]! <= value && value < starts[to]!;
}

function isEmpty(marks: readonly number[], number: number): boolean {
  return marks[number]! === marks[number - MAX_EMPTY_RUNS];
}

function emptyRun(): StepRun {
  const column = (length: number) => new Float64Array(length);
  return {
    x: column(RUN_STEPS + 1),
    y: column(RUN_STEPS + 1),
    a: column(RUN_STEPS),
    b: column(RUN_STEPS),
    length: 0,
    at: 0,
  };
}

function lastAtOrBelow(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}
