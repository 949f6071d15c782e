import { describe, expect, it } from 'vitest';
import { describeSchedule } from '../../../core/schedule/describe-schedule.ts';
import { limitSchedule } from '../../../core/schedule/limit.ts';
import { parseProfile } from '../../../core/schedule/parse-profile.ts';
import { createSchedule } from '../../../core/schedule/schedule.ts';

const schedule = (text: string) =>
  createSchedule(parseProfile(text), { eventsPerSecond: 10, jitter: 'none', seed: 0 });

describe('the description of a schedule', () => {
  it('counts the events of each bucket and names the extremes', () => {
    expect(describeSchedule(schedule('burst:5:@2s:1s'), 4_000, 4)).toEqual({
      buckets: [
        { startMs: 0, events: 10, meanRate: 10 },
        { startMs: 1_000, events: 10, meanRate: 10 },
        { startMs: 2_000, events: 50, meanRate: 50 },
        { startMs: 3_000, events: 10, meanRate: 10 },
      ],
      total: 80,
      meanRate: 20,
      lowestRate: 10,
      highestRate: 50,
    });
  });

  it('adds up to the total of a limited run', () => {
    const limited = limitSchedule(
      createSchedule(parseProfile('diurnal:1m*dip:0:7s:2s'), { eventsPerSecond: 50, seed: 4 }),
      { durationMs: 61_000 },
    );
    const { buckets, total, lowestRate } = describeSchedule(limited, 61_000, 13);
    expect(total).toBe(limited.total);
    expect(buckets.reduce((sum, { events }) => sum + events, 0)).toBe(total);
    expect(lowestRate).toBe(0);
  });

  it.each([
    [0, 1],
    [Number.POSITIVE_INFINITY, 1],
    [1_000, 0],
    [1_000, 1.5],
  ])('refuses %d ms in %d buckets', (durationMs, buckets) => {
    expect(() => describeSchedule(schedule('constant'), durationMs, buckets)).toThrow(RangeError);
  });
});
