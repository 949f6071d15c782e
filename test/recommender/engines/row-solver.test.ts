import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRowSolver } from '../../../recommender/engines/row-solver.ts';

const M = 5;
const value = fc.double({ min: -2, max: 2, noNaN: true });

describe('row solver', () => {
  it('answers (tau A + prior) x = tau b, and gives the inverse', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(value, { minLength: M, maxLength: M }), { maxLength: 12 }),
        fc.array(value, { minLength: M, maxLength: M }),
        (features, b) => {
          const solver = createRowSolver(M);
          const full = Array.from({ length: M }, () => new Array<number>(M).fill(0));
          for (let row = 0, at = 0; row < M; row++) {
            for (let column = 0; column <= row; column++, at++) {
              const sum = features.reduce((total, z) => total + z[row]! * z[column]!, 0);
              solver.a[at] = sum;
              full[row]![column] = full[column]![row] = 1.5 * sum + (row === column ? 2 : 0);
            }
          }
          solver.b.set(b);
          expect(solver.solve(new Float64Array(M).fill(2), 1.5)).toBe(true);
          const inverse = (row: number, column: number) =>
            solver.covariance[
              row >= column ? (row * (row + 1)) / 2 + column : (column * (column + 1)) / 2 + row
            ]!;
          for (let row = 0; row < M; row++) {
            const product = full[row]!.reduce((sum, entry, k) => sum + entry * solver.mean[k]!, 0);
            expect(product).toBeCloseTo(1.5 * b[row]!, 8);
            for (let column = 0; column < M; column++) {
              const entry = full[row]!.reduce((sum, factor, k) => sum + factor * inverse(k, column), 0);
              expect(entry).toBeCloseTo(row === column ? 1 : 0, 8);
            }
          }
        },
      ),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1e9])('refuses equations with %d in them', (poison) => {
    const solver = createRowSolver(2);
    solver.a.set([1, 0, poison]);
    expect(solver.solve(new Float64Array([1, 1]), 1)).toBe(false);
  });
});
