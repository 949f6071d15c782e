import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constantRate, createPacer, type RateProfile } from '../../core/pace.ts';

const rates = fc.double({ min: 0.01, max: 1e6, noNaN: true });
const ticks = fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { minLength: 1, maxLength: 60 });

/** 10 events/s that double every second: a profile whose inverse is not a division */
const doubling: RateProfile = {
  rateAt: (ms) => 10 * 2 ** (ms / 1_000),
  integral: (ms) => (10 / Math.LN2) * (2 ** (ms / 1_000) - 1),
  dueMs: (n) => 1_000 * Math.log2(1 + (n * Math.LN2) / 10),
};

describe('a pacer', () => {
  it('sends the first event at once and the next ones evenly', () => {
    const pacer = createPacer(constantRate(10));
    expect([0, 1, 99.9, 100, 199, 200, 1_000].map(pacer.dueBy)).toEqual([1, 1, 1, 2, 2, 3, 11]);
    expect([0, 1, 2].map(pacer.intendedMs)).toEqual([0, 100, 200]);
    expect(pacer.dueBy(-1)).toBe(0);
  });

  it.each([
    [10, 1_000, 10],
    [10, 1_001, 11],
    [1_000, 60_000, 60_000],
    [0.5, 3_000, 2],
    [3, 1_000, 3],
    [7, 10_000, 70],
  ])('makes the events of [0, duration): %d/s for %d ms is %d', (rate, durationMs, events) => {
    expect(createPacer(constantRate(rate), { durationMs }).total).toBe(events);
  });

  it('ends at the count and publishes rate 0 after the duration', () => {
    expect(createPacer(constantRate(10), { count: 3 }).dueBy(1e9)).toBe(3);
    expect(createPacer(constantRate(10), { count: 3, durationMs: 100 }).total).toBe(1);
    const pacer = createPacer(constantRate(10), { durationMs: 100 });
    expect([pacer.rateAt(99), pacer.rateAt(100)]).toEqual([10, 0]);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses the rate %d', (rate) => {
    expect(() => constantRate(rate)).toThrow(RangeError);
  });

  it('has exactly those events due whose intended time has come, at any rate and moment', () => {
    fc.assert(
      fc.property(rates, fc.double({ min: 0, max: 1e8, noNaN: true }), (rate, ms) => {
        const pacer = createPacer(constantRate(rate));
        const due = pacer.dueBy(ms);
        expect(pacer.intendedMs(due - 1)).toBeLessThanOrEqual(ms);
        expect(pacer.intendedMs(due)).toBeGreaterThan(ms);
      }),
    );
  });

  it('has them due for any profile', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 20_000, noNaN: true }), (ms) => {
        const pacer = createPacer(doubling);
        const due = pacer.dueBy(ms);
        expect(pacer.intendedMs(due - 1)).toBeLessThanOrEqual(ms);
        expect(pacer.intendedMs(due)).toBeGreaterThan(ms);
      }),
    );
  });

  it('makes the same events however the ticks fall, stalls included', () => {
    fc.assert(
      fc.property(rates, ticks, (rate, gapsMs) => {
        const durationMs = gapsMs.reduce((sum, gap) => sum + gap, 0);
        const pacer = createPacer(constantRate(rate), { durationMs });
        let nowMs = 0;
        let issued = 0;
        for (const gap of gapsMs) {
          nowMs += gap;
          const due = pacer.dueBy(nowMs);
          expect(due).toBeGreaterThanOrEqual(issued);
          issued = due;
        }
        expect(pacer.dueBy(nowMs + 1e6)).toBe(pacer.total);
        expect(Math.abs(pacer.total - (rate * durationMs) / 1_000)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
