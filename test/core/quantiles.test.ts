import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createQuantiles } from '../../core/quantiles.ts';

describe('quantiles', () => {
  it('are null while there is nothing', () => {
    expect(createQuantiles().at(0.5)).toBeNull();
  });

  it('are within one percent (and half a unit near zero) of the exact ones', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1), (list, q) => {
        const quantiles = createQuantiles();
        for (const value of list) quantiles.add(value);
        const sorted = [...list].sort((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(q * list.length - 1e-9) - 1)]!;
        expect(Math.abs(quantiles.at(q)! - exact)).toBeLessThanOrEqual(0.01 * (exact + 1));
      }),
    );
  });

  it('take a weight for as many equal values', () => {
    const once = createQuantiles();
    const many = createQuantiles();
    once.add(5, 99);
    once.add(1_000, 1);
    for (let i = 0; i < 99; i++) many.add(5);
    many.add(1_000);
    for (const q of [0.5, 0.98, 0.995]) expect(once.at(q)).toBe(many.at(q));
    expect(once.at(0.995)).toBeGreaterThan(900);
  });
});
