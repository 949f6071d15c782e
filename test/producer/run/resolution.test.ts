import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBarrierResolution, createReportedResolution } from '../../../producer/run/resolution.ts';

const CAPACITY = 20;

/** What an event becomes, and then answers in any order, each good or bad. */
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('open'), records: fc.integer({ min: 0, max: 4 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('answer'), at: fc.nat(), failed: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('take') }) },
) as fc.Arbitrary<
  { do: 'open'; records: number } | { do: 'answer'; at: number; failed: boolean } | { do: 'take' }
>;

interface ModelEvent {
  pending: number;
  failed: boolean;
}

const isResolved = ({ pending }: ModelEvent) => pending === 0;
const intendedOf = (i: number) => i * 7.5;

describe('resolution by reports', () => {
  it('knows, whatever the order of the answers, what is resolved, what failed and what is under way', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const resolution = createReportedResolution(CAPACITY);
        const events: ModelEvent[] = [];
        const taken: number[] = [];
        const floor = () => {
          const open = events.findIndex((event) => !isResolved(event));
          return open === -1 ? events.length : open;
        };
        for (const one of steps) {
          if (one.do === 'open' && events.length - floor() < CAPACITY) {
            resolution.open(one.records, intendedOf(events.length));
            events.push({ pending: one.records, failed: false });
          } else if (one.do === 'answer') {
            const open = events.flatMap((event, i) => (isResolved(event) ? [] : [i]));
            if (open.length === 0) continue;
            const i = open[one.at % open.length]!;
            expect(resolution.settle(i, one.failed)).toBe(intendedOf(i));
            events[i]!.pending -= 1;
            events[i]!.failed ||= one.failed;
          } else if (one.do === 'take') {
            const fresh = resolution.takeFailed();
            expect(fresh).toEqual([...fresh].sort((a, b) => a - b));
            taken.push(...fresh);
          }
          const failed = events.filter((event) => isResolved(event) && event.failed).length;
          expect(resolution.floor()).toBe(floor());
          expect(resolution.failed).toBe(failed);
          expect(resolution.unresolved(0)).toBe(events.filter((event) => !isResolved(event)).length);
        }
        taken.push(...resolution.takeFailed());
        const failed = events.flatMap((event, i) => (isResolved(event) && event.failed ? [i] : []));
        expect(taken.sort((a, b) => a - b)).toEqual(failed);
      }),
    );
  });

  it('refuses an event that has no room, instead of forgetting one', () => {
    const resolution = createReportedResolution(3);
    for (let i = 0; i < 4; i++) resolution.open(1, 0);
    expect(() => resolution.open(1, 0)).toThrow(RangeError);
  });

  it('goes on for ever in the memory of its capacity', () => {
    const resolution = createReportedResolution(3);
    for (let i = 0; i < 10_000; i++) {
      resolution.open(1, i);
      expect(resolution.settle(i, i % 1_000 === 0)).toBe(i);
    }
    expect(resolution.floor()).toBe(10_000);
    expect(resolution.takeFailed()).toEqual(Array.from({ length: 10 }, (_, i) => i * 1_000));
  });
});

describe('resolution by barriers', () => {
  it('resolves at a barrier what was sent before it and nothing of which is held back', () => {
    const resolution = createBarrierResolution(CAPACITY);
    for (let i = 0; i < 10; i++) resolution.open(1, intendedOf(i));
    expect(resolution.floor()).toBe(0);
    expect(resolution.unresolved(10)).toBe(10);
    resolution.settleAll(4);
    expect(resolution.floor()).toBe(4);
    resolution.settleAll(2);
    expect(resolution.floor()).toBe(4);
    resolution.open(0, intendedOf(10));
    resolution.settleAll(Number.POSITIVE_INFINITY);
    expect(resolution.floor()).toBe(11);
    expect(resolution.unresolved(0)).toBe(0);
  });

  it('tells the intended time of a record that is reported for a sample', () => {
    const resolution = createBarrierResolution(CAPACITY);
    for (let i = 0; i < 1_000; i++) {
      resolution.open(1, intendedOf(i));
      expect(resolution.settle(i, false)).toBe(intendedOf(i));
      if (i % 10 === 9) resolution.settleAll(Number.POSITIVE_INFINITY);
    }
  });

  it('counts an event that failed once, however many of its records did', () => {
    const resolution = createBarrierResolution(CAPACITY);
    for (let i = 0; i < 5; i++) resolution.open(3, 0);
    for (const i of [3, 1, 3, 3]) resolution.settle(i, true);
    expect(resolution.failed).toBe(2);
    expect(resolution.takeFailed()).toEqual([1, 3]);
    expect(resolution.takeFailed()).toEqual([]);
  });

  it('has no more events under way than records, nor more than lie above the floor', () => {
    const resolution = createBarrierResolution(CAPACITY);
    for (let i = 0; i < 6; i++) resolution.open(3, 0);
    expect([resolution.unresolved(18), resolution.unresolved(2)]).toEqual([6, 2]);
  });
});
