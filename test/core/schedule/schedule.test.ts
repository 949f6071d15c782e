import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Jitter } from '../../../core/schedule/arrivals.ts';
import { parseProfile } from '../../../core/schedule/parse-profile.ts';
import type { Profile } from '../../../core/schedule/profile.ts';
import { createSchedule, type ScheduleOptions } from '../../../core/schedule/schedule.ts';
import { factorProfile, SPAN_MS } from './shapes.ts';

const recordedSeconds = Array.from({ length: 5_000 }, (_, i) => 1_000 + Math.floor((i * 7) / 3) - (i % 2));
const jitters = fc.constantFrom<Jitter>('none', 'uniform', 'poisson');

/** Any profile, with what it needs. */
const anySchedule: fc.Arbitrary<{ profile: Profile; options: ScheduleOptions }> = fc
  .tuple(
    factorProfile,
    fc.constantFrom<Profile>(
      [],
      [],
      [],
      parseProfile('batch:5+-4/2+-1'),
      parseProfile('replay:100'),
      parseProfile('steps:5s@20,20s@0,1s@300'),
    ),
    jitters,
    fc.double({ min: 20, max: 2_000, noNaN: true }),
    fc.nat(),
  )
  .map(([factors, own, jitter, eventsPerSecond, seed]) => ({
    profile: [...own, ...factors],
    options: {
      eventsPerSecond,
      jitter,
      seed,
      recordedSeconds: recordedSeconds.toSorted((a, b) => a - b),
    },
  }));
const times = fc.double({ min: 0, max: SPAN_MS, noNaN: true });
const numbers = fc.integer({ min: 0, max: 20_000 });

const plain = (text: string, eventsPerSecond = 10) =>
  createSchedule(parseProfile(text), { eventsPerSecond, jitter: 'none', seed: 0 });

/** The greatest number below. */
function justBefore(ms: number): number {
  const bits = new BigInt64Array(new Float64Array([ms]).buffer);
  bits[0]! -= 1n;
  return new Float64Array(bits.buffer)[0]!;
}

describe('a schedule', () => {
  it('at a constant rate without jitter sends the first event at once and the next ones evenly', () => {
    const schedule = plain('constant');
    expect([0, 1, 2, 3, 70].map((i) => schedule.intendedMs(i))).toEqual([0, 100, 200, 300, 7_000]);
    expect([-1, 0, 99.9, 100, 1_000].map((ms) => schedule.dueBy(ms))).toEqual([0, 1, 1, 2, 11]);
    expect([schedule.rateAt(0), schedule.rateAt(1e9), schedule.rateAt(-1)]).toEqual([10, 10, 0]);
  });

  it('has due exactly what is intended by then', () => {
    fc.assert(
      fc.property(anySchedule, times, ({ profile, options }, ms) => {
        const schedule = createSchedule(profile, options);
        const due = schedule.dueBy(ms);
        expect(schedule.intendedMs(due - 1)).toBeLessThanOrEqual(ms);
        expect(schedule.intendedMs(due)).toBeGreaterThan(ms);
      }),
      { numRuns: 300 },
    );
  });

  it('has an event due at its own time and not just before', () => {
    fc.assert(
      fc.property(anySchedule, numbers, ({ profile, options }, i) => {
        const schedule = createSchedule(profile, options);
        const ms = schedule.intendedMs(i);
        fc.pre(ms > 0 && ms < Number.POSITIVE_INFINITY);
        expect(schedule.dueBy(ms)).toBeGreaterThan(i);
        expect(schedule.dueBy(justBefore(ms))).toBeLessThanOrEqual(i);
      }),
      { numRuns: 300 },
    );
  });

  it('never falls', () => {
    fc.assert(
      fc.property(
        anySchedule,
        numbers,
        fc.integer({ min: 1, max: 3_000 }),
        ({ profile, options }, i, further) => {
          const schedule = createSchedule(profile, options);
          expect(schedule.intendedMs(i + 1)).toBeGreaterThanOrEqual(schedule.intendedMs(i));
          expect(schedule.intendedMs(i + further)).toBeGreaterThanOrEqual(schedule.intendedMs(i));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is the same in any order of asking, so that a run can begin in the middle', () => {
    fc.assert(
      fc.property(
        anySchedule,
        fc.array(numbers, { maxLength: 10 }),
        times,
        ({ profile, options }, asked, ms) => {
          const walked = createSchedule(profile, options);
          walked.dueBy(ms);
          for (const i of asked) {
            expect(walked.intendedMs(i)).toBe(createSchedule(profile, options).intendedMs(i));
          }
        },
      ),
    );
  });

  it.each([2, 3, 7])('split over %d workers is the same set of events', (workers) => {
    const profile = parseProfile('sine:20s:0.8*burst:5:7s:1s');
    const options = { eventsPerSecond: 200, seed: 11 };
    const whole = createSchedule(profile, options);
    const times = new Float64Array(20_000);
    for (let worker = 0; worker < workers; worker++) {
      const own = createSchedule(profile, options);
      for (let i = worker; i < times.length; i += workers) times[i] = own.intendedMs(i);
    }
    expect(times).toEqual(times.map((_, i) => whole.intendedMs(i)));
  });

  it('depends on the seed only through its jitter', () => {
    const at = (jitter: Jitter, seed: number) =>
      createSchedule([], { eventsPerSecond: 10, jitter, seed }).intendedMs(5);
    expect(at('none', 1)).toBe(at('none', 2));
    expect(at('uniform', 1)).not.toBe(at('uniform', 2));
    expect(at('poisson', 1)).not.toBe(at('poisson', 2));
  });

  it('is intended for never where the rate stays 0, and counts to its end', () => {
    const ended = plain('ramp:10s:1:0');
    expect([ended.intendedMs(49) < 10_000, ended.intendedMs(50), ended.dueBy(1e12)]).toEqual([
      true,
      Number.POSITIVE_INFINITY,
      50,
    ]);
    expect(ended.intendedMs(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(() => ended.dueBy(Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });

  it('jumps over a hole', () => {
    const schedule = plain('dip:0:@1s:2s');
    expect([9, 10, 11].map((i) => schedule.intendedMs(i))).toEqual([900, 3_000, 3_100]);
    expect([schedule.dueBy(2_999), schedule.rateAt(2_000)]).toEqual([10, 0]);
  });

  it('begins a real day at the hour of the run and a compressed one at midnight', () => {
    const startTsMs = Date.UTC(2024, 0, 5, 20, 30);
    const rates = (text: string, ms: number) =>
      createSchedule(parseProfile(text), { eventsPerSecond: 1, seed: 0, startTsMs }).rateAt(ms);
    const hour = (h: number) => plain('diurnal', 1).rateAt(h * 3_600_000);
    expect([rates('diurnal', 0), rates('diurnal', 30 * 60_000)]).toEqual([hour(20), hour(21)]);
    expect([rates('diurnal:24m', 0), rates('diurnal:24m', 20 * 60_000)]).toEqual([hour(0), hour(20)]);
    expect(hour(20) / hour(6)).toBeCloseTo(3.01, 2);
  });

  it('replays recorded times at its speed, faster or slower where a factor says so', () => {
    const replay = (text: string) =>
      createSchedule(parseProfile(text), { seed: 0, recordedSeconds: [500, 520, 540, 600] });
    expect([0, 1, 2, 3, 4].map((i) => replay('replay:10').intendedMs(i))).toEqual([
      0,
      2_000,
      4_000,
      10_000,
      Number.POSITIVE_INFINITY,
    ]);
    expect(replay('replay:10*dip:0.5:@4s:1h').intendedMs(3)).toBe(16_000);
    expect(replay('replay:10').rateAt(0)).toBeCloseTo(0.3, 9);
  });

  it('sends batches at once, and the next ones sooner where a factor says so', () => {
    const batches = createSchedule(parseProfile('batch:3/10'), { seed: 0 });
    expect([0, 2, 3, 5, 6].map((i) => batches.intendedMs(i))).toEqual([0, 0, 10_000, 10_000, 20_000]);
    expect([batches.dueBy(0), batches.dueBy(9_999), batches.rateAt(0)]).toEqual([3, 3, 0.3]);
    const doubled = createSchedule(parseProfile('batch:3/10*ramp:1ms:2:2'), { seed: 0 });
    expect(doubled.intendedMs(3)).toBe(5_000);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, undefined])(
    'refuses the rate %s',
    (eventsPerSecond) => {
      const options = eventsPerSecond === undefined ? { seed: 0 } : { eventsPerSecond, seed: 0 };
      expect(() => createSchedule([], options)).toThrow(/rate above 0/);
    },
  );

  it('refuses to replay nothing, or times out of order', () => {
    expect(() => createSchedule(parseProfile('replay'), { seed: 0 })).toThrow(/needs a file/);
    expect(() => createSchedule(parseProfile('replay'), { seed: 0, recordedSeconds: [2, 1] })).toThrow(
      /row 1/,
    );
  });
});

describe('changing the rate while running', () => {
  it('just before an event leaves it no earlier', () => {
    fc.assert(
      fc.property(anySchedule, numbers, fc.constantFrom(0.3, 1, 7), ({ profile, options }, i, factor) => {
        const schedule = createSchedule(profile, options);
        const ms = schedule.intendedMs(i);
        fc.pre(ms > 0 && ms < Number.POSITIVE_INFINITY);
        schedule.scale(justBefore(ms), factor);
        expect(schedule.intendedMs(i)).toBeGreaterThanOrEqual(justBefore(ms));
      }),
      { numRuns: 300 },
    );
  });

  it('moves what comes later and leaves what was due', () => {
    const schedule = plain('constant');
    schedule.scale(1_000, 2);
    expect([0, 10, 11, 12, 30].map((i) => schedule.intendedMs(i))).toEqual([0, 1_000, 1_050, 1_100, 2_000]);
    expect([schedule.rateAt(999), schedule.rateAt(1_000)]).toEqual([10, 20]);
  });

  it('pauses at 0 and goes on where it was', () => {
    const schedule = plain('constant');
    schedule.scale(1_000, 0);
    expect([schedule.intendedMs(10), schedule.intendedMs(11)]).toEqual([1_000, Number.POSITIVE_INFINITY]);
    expect([schedule.dueBy(1e9), schedule.rateAt(5_000)]).toEqual([11, 0]);
    schedule.scale(60_000, 1);
    expect([11, 12].map((i) => schedule.intendedMs(i))).toEqual([60_100, 60_200]);
  });

  it('keeps every earlier time, never falls and stays in step with dueBy', () => {
    const changes = fc.array(fc.tuple(times, fc.constantFrom(0, 0.1, 1, 3)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(anySchedule, changes, times, ({ profile, options }, unordered, ms) => {
        const schedule = createSchedule(profile, options);
        for (const [atMs, factor] of unordered.toSorted(([a], [b]) => a - b)) {
          const due = schedule.dueBy(atMs);
          const sample = [...new Set([0, due >> 1, due - 2, due - 1].filter((i) => i >= 0 && i < due))];
          const before = sample.map((i) => schedule.intendedMs(i));
          schedule.scale(atMs, factor);
          expect(sample.map((i) => schedule.intendedMs(i))).toEqual(before);
          expect(schedule.intendedMs(due)).toBeGreaterThanOrEqual(atMs);
          expect(schedule.intendedMs(due + 1)).toBeGreaterThanOrEqual(schedule.intendedMs(due));
        }
        const due = schedule.dueBy(ms);
        expect(schedule.intendedMs(due - 1)).toBeLessThanOrEqual(ms);
        expect(schedule.intendedMs(due)).toBeGreaterThan(ms);
      }),
      { numRuns: 300 },
    );
  });

  it('makes the change in the integral that the factor says', () => {
    fc.assert(
      fc.property(times, fc.constantFrom(0.5, 2, 10), (ms, factor) => {
        const schedule = plain('sine:30s:0.5', 1_000);
        const [atMs, laterMs] = [ms, ms + 45_000];
        const [before, after] = [schedule.dueBy(atMs), schedule.dueBy(laterMs)];
        schedule.scale(atMs, factor);
        expect(Math.abs(schedule.dueBy(laterMs) - before - factor * (after - before))).toBeLessThanOrEqual(
          factor + 1,
        );
      }),
    );
  });

  it('refuses to go back in time, and factors below 0', () => {
    const schedule = plain('constant');
    schedule.scale(1_000, 2);
    expect(() => schedule.scale(999, 1)).toThrow(RangeError);
    expect(() => schedule.scale(2_000, -1)).toThrow(RangeError);
    expect(() => schedule.scale(2_000, Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });
});
