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

/**
 * @param m unknowns. Loops copy what they read of the closure, `m` and the arrays: a local stays in a register, a closure's
 * variable is read anew in every turn, which doubles their time.
 */
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
    const [n, source, target] = [m, a, lower];
    for (let row = 0, at = 0; row < n; row++) {
      const r = row * n;
      for (let column = 0; column < row; column++, at++) {
        const c = column * n;
        let sum = tau * source[at]!;
        for (let k = 0; k < column; k++) sum -= target[r + k]! * target[c + k]!;
        target[r + column] = sum * target[c + column]!;
      }
      let diagonal = tau * source[at++]! + precision[row]!;
      for (let k = 0; k < row; k++) diagonal -= target[r + k]! * target[r + k]!;
      if (!(diagonal > 0 && diagonal < Number.POSITIVE_INFINITY)) return false;
      // the diagonal keeps its inverse: it is only ever divided by
      target[r + row] = 1 / Math.sqrt(diagonal);
    }
    return true;
  }

  function invert(): void {
    const [n, source, target] = [m, lower, inverse];
    for (let column = 0; column < n; column++) {
      target[column * n + column] = source[column * n + column]!;
      for (let row = column + 1; row < n; row++) {
        let sum = 0;
        for (let k = column; k < row; k++) sum -= source[row * n + k]! * target[k * n + column]!;
        target[row * n + column] = sum * source[row * n + row]!;
      }
    }
  }

  function answer(tau: number): void {
    const [n, factors, sums, between] = [m, inverse, b, half];
    const [x, spread] = [mean, covariance];
    for (let row = 0; row < n; row++) {
      let sum = 0;
      for (let k = 0; k <= row; k++) sum += factors[row * n + k]! * sums[k]!;
      between[row] = sum * tau;
    }
    for (let row = 0, at = 0; row < n; row++) {
      let sum = 0;
      for (let k = row; k < n; k++) sum += factors[k * n + row]! * between[k]!;
      x[row] = sum;
      for (let column = 0; column <= row; column++, at++) {
        let product = 0;
        for (let k = row; k < n; k++) product += factors[k * n + row]! * factors[k * n + column]!;
        spread[at] = product;
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
