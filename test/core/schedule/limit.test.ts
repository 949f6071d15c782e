import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitSchedule } from '../../../core/schedule/limit.ts';
import { parseProfile } from '../../../core/schedule/parse-profile.ts';
import { createSchedule } from '../../../core/schedule/schedule.ts';

const at = (eventsPerSecond: number) => createSchedule([], { eventsPerSecond, jitter: 'none', seed: 0 });

describe('a limited schedule', () => {
  it.each([
    [10, 1_000, 10],
    [10, 1_001, 11],
    [1_000, 60_000, 60_000],
    [0.5, 3_000, 2],
    [3, 1_000, 3],
    [7, 10_000, 70],
  ])('has the events of [0, duration): %d/s for %d ms is %d', (rate, durationMs, events) => {
    expect(limitSchedule(at(rate), { durationMs }).total).toBe(events);
  });

  it('ends at the count or the time, whichever comes first, and then wants nothing', () => {
    expect(limitSchedule(at(10)).total).toBe(Number.POSITIVE_INFINITY);
    expect(limitSchedule(at(10), { count: 3 }).dueBy(1e9)).toBe(3);
    expect(limitSchedule(at(10), { count: 3, durationMs: 100 }).total).toBe(1);
    const schedule = limitSchedule(at(10), { durationMs: 100 });
    expect([schedule.rateAt(99), schedule.rateAt(100)]).toEqual([10, 0]);
    expect([schedule.dueBy(1e9), schedule.intendedMs(1)]).toEqual([1, 100]);
  });

  it('leaves a whole batch out that falls on its end', () => {
    const batches = createSchedule(parseProfile('batch:5/10'), { seed: 0 });
    expect(limitSchedule(batches, { durationMs: 20_000 }).total).toBe(10);
    expect(limitSchedule(batches, { durationMs: 20_001 }).total).toBe(15);
  });

  it('counts again when the rate is changed', () => {
    const schedule = limitSchedule(at(10), { durationMs: 10_000 });
    expect(schedule.total).toBe(100);
    schedule.scale(5_000, 3);
    expect(schedule.total).toBe(200);
    schedule.scale(6_000, 0);
    expect([schedule.total, schedule.dueBy(1e9)]).toEqual([81, 81]);
  });

  it('makes the same events however the ticks fall, stalls included', () => {
    const ticks = fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1e6, noNaN: true }), ticks, (rate, gapsMs) => {
        const durationMs = gapsMs.reduce((sum, gap) => sum + gap, 0);
        const schedule = limitSchedule(at(rate), { durationMs });
        let nowMs = 0;
        let issued = 0;
        for (const gap of gapsMs) {
          nowMs += gap;
          const due = schedule.dueBy(nowMs);
          expect(due).toBeGreaterThanOrEqual(issued);
          issued = due;
        }
        expect(schedule.dueBy(nowMs + 1e6)).toBe(schedule.total);
        expect(Math.abs(schedule.total - (rate * durationMs) / 1_000)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
