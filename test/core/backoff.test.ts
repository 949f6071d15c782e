import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBackoff } from '../../core/backoff.ts';

describe('backoff', () => {
  it('doubles up to its limit and starts again after success', () => {
    const backoff = createBackoff({ minMs: 100, maxMs: 1_000 });
    expect([1, 2, 3, 4, 5, 6].map(() => backoff.nextMs())).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    backoff.reset();
    expect(backoff.nextMs()).toBe(100);
  });

  it('leaves only the asked-for share to chance', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (chance) => {
        const waitMs = createBackoff({
          minMs: 100,
          maxMs: 1_000,
          jitter: 0.5,
          random: () => chance,
        }).nextMs();
        expect(waitMs).toBeGreaterThanOrEqual(50);
        expect(waitMs).toBeLessThanOrEqual(100);
      }),
    );
  });
});
