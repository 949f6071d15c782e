/**
 * Solves (tau A + prior) x = tau b for one row, with the inverse: Cholesky, then the triangular inverse. Matrices are lower
 * triangles, row by row. Works in 64 bits on arrays of its own, so that a row that cannot be solved stays as it was.
 */
export interface RowSolver {
  /** normal equations of the row, to be filled before `solve` */
  readonly a: Float64Array;
  readonly b: Float64Array;
  /** the answer: mean and covariance (triangle) */
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
  /** false when the equations hold no finite answer */
  solve(precision: Float64Array, tau: number): boolean;
}

/** @param m unknowns */
export function createRowSolver(m: number): RowSolver {
  const triangle = (m * (m + 1)) / 2;
  const a = new Float64Array(triangle);
  const b = new Float64Array(m);
  const mean = new Float64Array(m);
  const covariance = new Float64Array(triangle);
  const lower = new Float64Array(m * m);
  const inverse = new Float64Array(m * m);
  const half = new Float64Array(m);

  /** lower = Cholesky factor of tau A + prior */
  function factor(precision: Float64Array, tau: number): boolean {
    for (let row = 0, at = 0; row < m; row++) {
      const r = row * m;
      for (let column = 0; column < row; column++, at++) {
        const c = column * m;
        let sum = tau * a[at]!;
        for (let k = 0; k < column; k++) sum -= lower[r + k]! * lower[c + k]!;
        lower[r + column] = sum * lower[c + column]!;
      }
      let diagonal = tau * a[at++]! + precision[row]!;
      for (let k = 0; k < row; k++) diagonal -= lower[r + k]! * lower[r + k]!;
      if (!(diagonal > 0 && diagonal < Number.POSITIVE_INFINITY)) return false;
      // the diagonal keeps its inverse: it is only ever divided by
      lower[r + row] = 1 / Math.sqrt(diagonal);
    }
    return true;
  }

  function invert(): void {
    for (let column = 0; column < m; column++) {
      inverse[column * m + column] = lower[column * m + column]!;
      for (let row = column + 1; row < m; row++) {
        let sum = 0;
        for (let k = column; k < row; k++) sum -= lower[row * m + k]! * inverse[k * m + column]!;
        inverse[row * m + column] = sum * lower[row * m + row]!;
      }
    }
  }

  function answer(tau: number): void {
    for (let row = 0; row < m; row++) {
      let sum = 0;
      for (let k = 0; k <= row; k++) sum += inverse[row * m + k]! * b[k]!;
      half[row] = sum * tau;
    }
    for (let row = 0, at = 0; row < m; row++) {
      let sum = 0;
      for (let k = row; k < m; k++) sum += inverse[k * m + row]! * half[k]!;
      mean[row] = sum;
      for (let column = 0; column <= row; column++, at++) {
        let product = 0;
        for (let k = row; k < m; k++) product += inverse[k * m + row]! * inverse[k * m + column]!;
        covariance[at] = product;
      }
    }
  }

  return {
    a,
    b,
    mean,
    covariance,
    solve(precision, tau) {
      if (!factor(precision, tau)) return false;
      invert();
      answer(tau);
      return mean.every(isBounded);
    },
  };
}

/** Far beyond any star scale; within it 32 bits hold the value. */
const isBounded = (value: number): boolean => Math.abs(value) < 1e6;
