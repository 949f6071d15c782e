import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProfile } from '../../../core/schedule/parse-profile.ts';
import { peakRate } from '../../../core/schedule/peak-rate.ts';
import { createSchedule } from '../../../core/schedule/schedule.ts';
import { factorProfile, SPAN_MS } from './shapes.ts';

describe('the peak rate', () => {
  it.each([
    ['constant', 10],
    ['sine:1m:0.5*burst:4:1m:1s', 60],
    ['dip:0.1:@1m:1s', 10],
    ['ramp:1m:0:3', 30],
    ['steps:30s@50,1m@200', 200],
    ['batch:250+-150/60+-20', 10],
    ['batch:5/0', 50],
    ['replay:5', 2],
    ['replay:10', 3],
    ['replay:10*ramp:1s:1:6', 4],
  ])('of %s is %d', (text, rate) => {
    const recordedSeconds = [0, 1, 5, 59];
    expect(peakRate(parseProfile(text), { eventsPerSecond: 10, recordedSeconds })).toBeCloseTo(rate, 9);
  });

  it('of a file with very many rows is found', () => {
    const points = Array.from({ length: 300_000 }, (_, i) => ({ ms: i, value: i % 1_000 }));
    expect(peakRate([{ kind: 'csv', unit: 'rate', points }], {})).toBe(999);
  });

  it('is never exceeded', () => {
    const times = fc.double({ min: 0, max: SPAN_MS, noNaN: true });
    fc.assert(
      fc.property(factorProfile, times, (profile, ms) => {
        const rate = createSchedule(profile, { eventsPerSecond: 10, seed: 0 }).rateAt(ms);
        expect(rate).toBeLessThanOrEqual(peakRate(profile, { eventsPerSecond: 10 }) + 1e-9);
      }),
    );
  });
});
