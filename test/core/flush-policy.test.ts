import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFlushPolicy, type FlushReason } from '../../core/flush-policy.ts';

const options = {
  maxRows: 50_000,
  maxBytes: 16_000_000,
  maxFanOut: 500_000,
  minIntervalMs: 250,
  maxIntervalMs: 2_000,
  targetRows: 5_000,
};

describe('flush policy', () => {
  it.each<[string, { rows: number; bytes?: number; fanOut?: number; ageMs?: number }, FlushReason | null]>([
    ['nothing arrived', { rows: 0, ageMs: 3_600_000 }, null],
    ['a young batch', { rows: 10, ageMs: 249 }, null],
    ['an old batch', { rows: 1, ageMs: 250 }, 'age'],
    ['many rows', { rows: 50_000 }, 'rows'],
    ['many bytes', { rows: 10, bytes: 16_000_000 }, 'bytes'],
    ['rows of many genres and companies', { rows: 10, fanOut: 500_000 }, 'fan_out'],
    ['one below every limit', { rows: 49_999, bytes: 15_999_999, fanOut: 499_999, ageMs: 249 }, null],
  ])('%s', (_, { rows, bytes = 0, fanOut = 0, ageMs = 0 }, reason) => {
    expect(createFlushPolicy(options).due({ rows, bytes, fanOut }, ageMs)).toBe(reason);
  });

  /** rows arrive at a steady rate; every batch is as large as the interval lets it grow */
  function intervalAt(eventsPerSecond: number): number {
    const policy = createFlushPolicy(options);
    for (let i = 0; i < 50; i++) policy.flushed((policy.intervalMs / 1_000) * eventsPerSecond);
    return Math.round(policy.intervalMs);
  }

  it('waits longest when little arrives, and shortest when much does', () => {
    expect(intervalAt(1)).toBe(2_000);
    expect(intervalAt(1_000)).toBe(2_000);
    expect(intervalAt(5_000)).toBe(1_000);
    expect(intervalAt(10_000)).toBe(500);
    expect(intervalAt(150_000)).toBe(250);
  });

  it('moves at most by a factor of two per flush and never leaves its bounds', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { maxLength: 40 }), (batches) => {
        const policy = createFlushPolicy(options);
        for (const rows of batches) {
          const before = policy.intervalMs;
          policy.flushed(rows);
          expect(policy.intervalMs).toBeGreaterThanOrEqual(250);
          expect(policy.intervalMs).toBeLessThanOrEqual(2_000);
          expect(policy.intervalMs / before).toBeGreaterThanOrEqual(0.5);
          expect(policy.intervalMs / before).toBeLessThanOrEqual(2);
        }
      }),
    );
  });
});
