import { float32, int32 } from '../state/column.ts';
import { createTable, type Table } from '../state/table.ts';
import { createRowSolver } from './row-solver.ts';

type SideColumns = {
  /** the factors, then the bias */
  readonly mean: ReturnType<typeof float32>;
  /** what the other side adds up: E[q q'] of the factors (triangle), then the covariances of factors and bias */
  readonly moments: ReturnType<typeof float32>;
  readonly a: ReturnType<typeof float32>;
  readonly b: ReturnType<typeof float32>;
  readonly learned: ReturnType<typeof int32>;
  readonly rebuildAt: ReturnType<typeof int32>;
};

/**
 * One side (users or films) of the row solve. A row sees a rating through the feature z = (the other row's factors, 1):
 * A = sum of E[z z'], b = sum of E[(rating - mean - other bias) z], the other row's uncertainty included.
 */
export interface RowSide {
  readonly table: Table<SideColumns>;
  /** @param fill writes the row's first factors into the means, from that place on */
  add(row: number, fill?: (means: Float32Array, from: number) => void): void;
  reset(row: number): void;
  /** counts one more rating; true when the row is to be built anew */
  isDue(row: number, growth: number): boolean;
  /** equations anew: `begin`, `accumulate` per rating, `store` */
  begin(): void;
  accumulate(other: RowSide, otherRow: number, centred: number): void;
  store(row: number): void;
  /** one more rating in the row's stored equations */
  addTerm(row: number, other: RowSide, otherRow: number, centred: number): void;
  /** false, and the row stays, when its equations have no finite answer */
  solve(row: number): boolean;
}

/** Precision of a rating: the inverse of its noise's variance. */
const TAU = 1.5;

export interface RowPrior {
  readonly factorVariance: number;
  readonly biasVariance: number;
  /** how unsure a row's factors are held to be before its first rating */
  readonly initialFactorVariance: number;
}

export function createRowSide(name: string, factors: number, prior: RowPrior): RowSide {
  const m = factors + 1;
  const triangle = (m * (m + 1)) / 2;
  const biasRow = (factors * m) / 2;
  const momentWidth = biasRow + factors;
  const table = createTable(name, {
    mean: float32(m),
    moments: float32(momentWidth),
    a: float32(triangle),
    b: float32(m),
    learned: int32(),
    rebuildAt: int32(1, 1),
  });
  const { mean, moments, a, b, learned, rebuildAt } = table.columns;
  const solver = createRowSolver(m);
  const precision = new Float64Array(m).fill(1 / prior.factorVariance);
  precision[factors] = 1 / prior.biasVariance;
  const initialCovariance = new Float64Array(triangle);
  for (let k = 0; k < factors; k++) initialCovariance[(k * (k + 3)) / 2] = prior.initialFactorVariance;

  const load = (row: number): void => {
    const [fromA, toA, lengthA] = [a.data, solver.a, triangle];
    const [fromB, toB, lengthB] = [b.data, solver.b, m];
    for (let k = 0, from = row * lengthA; k < lengthA; k++) toA[k] = fromA[from + k]!;
    for (let k = 0, from = row * lengthB; k < lengthB; k++) toB[k] = fromB[from + k]!;
  };

  const store = (row: number): void => {
    a.data.set(solver.a, row * triangle);
    b.data.set(solver.b, row * m);
  };

  function accumulate(other: RowSide, otherRow: number, centred: number): void {
    const [width, squares] = [factors, biasRow];
    const x = other.table.columns.mean.data;
    const added = other.table.columns.moments.data;
    const from = otherRow * m;
    const moment = otherRow * momentWidth;
    const target = centred - x[from + width]!;
    const sumA = solver.a;
    const sumB = solver.b;
    for (let k = 0; k < squares; k++) sumA[k]! += added[moment + k]!;
    for (let k = 0; k < width; k++) {
      const z = x[from + k]!;
      sumA[squares + k]! += z;
      sumB[k]! += target * z - added[moment + squares + k]!;
    }
    sumA[squares + width]! += 1;
    sumB[width]! += target;
  }

  function setMoments(row: number, x: ArrayLike<number>, xFrom: number, covariance: ArrayLike<number>): void {
    const [width, squares] = [factors, biasRow];
    const target = moments.data;
    const from = row * momentWidth;
    for (let k = 0, at = 0; k < width; k++) {
      for (let j = 0; j <= k; j++, at++) target[from + at] = x[xFrom + k]! * x[xFrom + j]! + covariance[at]!;
      target[from + squares + k] = covariance[squares + k]!;
    }
  }

  function reset(row: number): void {
    mean.data.fill(0, row * m, (row + 1) * m);
    a.data.fill(0, row * triangle, (row + 1) * triangle);
    b.data.fill(0, row * m, (row + 1) * m);
    learned.data[row] = 0;
    rebuildAt.data[row] = 1;
    setMoments(row, mean.data, row * m, initialCovariance);
  }

  return {
    table,
    add(row, fill) {
      table.ensure(row + 1);
      reset(row);
      if (!fill) return;
      fill(mean.data, row * m);
      setMoments(row, mean.data, row * m, initialCovariance);
    },
    reset,
    isDue(row, growth) {
      const count = ++learned.data[row]!;
      if (count < rebuildAt.data[row]!) return false;
      rebuildAt.data[row] = Math.max(count + 1, Math.floor(count * growth));
      return true;
    },
    begin() {
      solver.a.fill(0);
      solver.b.fill(0);
    },
    accumulate,
    store,
    addTerm(row, other, otherRow, centred) {
      load(row);
      accumulate(other, otherRow, centred);
      store(row);
    },
    solve(row) {
      load(row);
      if (!solver.solve(precision, TAU)) return false;
      mean.data.set(solver.mean, row * m);
      setMoments(row, solver.mean, 0, solver.covariance);
      return true;
    },
  };
}
