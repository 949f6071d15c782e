import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createResolution } from '../../../producer/run/resolution.ts';

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

describe('resolution', () => {
  it('knows, whatever the order of the answers, what is resolved, what failed and what is under way', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const resolution = createResolution(CAPACITY);
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
          expect(resolution.unresolved).toBe(events.filter((event) => !isResolved(event)).length);
        }
        taken.push(...resolution.takeFailed());
        const failed = events.flatMap((event, i) => (isResolved(event) && event.failed ? [i] : []));
        expect(taken.sort((a, b) => a - b)).toEqual(failed);
      }),
    );
  });

  it('refuses an event that has no room, instead of forgetting one', () => {
    const resolution = createResolution(3);
    for (let i = 0; i < 4; i++) resolution.open(1, 0);
    expect(() => resolution.open(1, 0)).toThrow(RangeError);
  });

  it('goes on for ever in the memory of its capacity', () => {
    const resolution = createResolution(3);
    for (let i = 0; i < 10_000; i++) {
      resolution.open(1, i);
      expect(resolution.settle(i, i % 1_000 === 0)).toBe(i);
    }
    expect(resolution.floor()).toBe(10_000);
    expect(resolution.takeFailed()).toEqual(Array.from({ length: 10 }, (_, i) => i * 1_000));
  });

  it('stays before an event that was given up, for whoever goes on from there', () => {
    const resolution = createResolution(CAPACITY, true);
    for (let i = 0; i < 5; i++) resolution.open(1, 0);
    for (const i of [0, 1, 3]) resolution.settle(i, false);
    resolution.settle(2, true);
    resolution.open(0, 0);
    expect(resolution.floor()).toBe(2);
    expect(resolution.takeFailed()).toEqual([2]);
    expect(resolution.unresolved).toBe(1);
  });
});
