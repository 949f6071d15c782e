import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChance } from '../../../core/chance.ts';
import { createArrivals } from '../../../producer/content/arrivals.ts';
import type { ContentModel } from '../../../producer/content/content-model.ts';
import { eventsOf, mean, sample } from './fixture.ts';

const EVENTS = 100_000;
const REFER_AFTER = 2_000;

describe('arrivals', () => {
  it('happen once each, in order, at the share asked for, and are eligible by number alone', () => {
    const options = fc.record({
      share: fc.oneof(
        fc.constantFrom(0, 1, 0.5, 1 / 3, 0.9999999),
        fc.double({ min: 1e-4, max: 1, noNaN: true }),
      ),
      referAfter: fc.integer({ min: 1, max: 500 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(options, ({ share, referAfter, seed }) => {
        const arrivals = createArrivals(
          { share, followUps: 3, referAfter },
          createChance(seed, 'arrivals'),
          0,
        );
        const events: number[] = [];
        for (let n = 0; n < 3_000; n++) {
          const arriving = arrivals.arrivingAt(n);
          if (arriving >= 0) expect(arriving).toBe(events.push(n) - 1);
          expect(arrivals.eligibleAt(n)).toBe(events.filter((event) => event < n - referAfter).length);
        }
        expect(Math.abs(events.length - 3_000 * share)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 40 },
    );
  });

  it('give the same answer in any order', () => {
    const chance = createChance(5, 'arrivals');
    const options = { share: 0.013, followUps: 3, referAfter: 10 };
    const inOrder = createArrivals(options, chance, 0);
    const found = Array.from({ length: 2_000 }, (_, n) => inOrder.arrivingAt(n));
    const jumping = createArrivals(options, chance, 0);
    for (let i = 0; i < 2_000; i++) {
      const n = (i * 1_117) % 2_000;
      expect(jumping.arrivingAt(n)).toBe(found[n]);
    }
  });

  it('are followed up while new: the newest tenth in 63 % of the draws', () => {
    const arrivals = createArrivals(
      { share: 0.1, followUps: 3, referAfter: 1 },
      createChance(1, 'arrivals'),
      0,
    );
    const picks = Array.from({ length: 10_000 }, (_, i) => arrivals.pickFresh(1_000, (i + 0.5) / 10_000));
    expect(mean(picks.map((pick) => (pick >= 900 ? 1 : 0)))).toBeCloseTo(0.1 ** 0.2, 2);
    expect(Math.min(...picks)).toBe(0);
    expect(Math.max(...picks)).toBe(999);
  });
});

describe.each([
  ['users', 'userId', 300_001, { newUsers: { share: 0.01, firstId: 300_001, followUps: 19 } }],
  ['films', 'movieId', 1_000_000, { newFilms: { share: 0.01, firstId: 1_000_000, followUps: 19 } }],
] as const)('new %s in the events', (_, field, firstId, extra: Partial<ContentModel>) => {
  const events = eventsOf({ ...sample, ...extra, reRatingShare: 0.1, referAfter: REFER_AFTER }, EVENTS);
  const firstEvents: number[] = [];
  const later: { n: number; arrival: number }[] = [];
  events.forEach((event, n) => {
    const arrival = event[field] - firstId;
    if (arrival < 0) return;
    if (arrival < firstEvents.length) later.push({ n, arrival });
    else expect(arrival).toBe(firstEvents.push(n) - 1);
  });

  it('come at the share asked for, numbered in the order they come', () => {
    expect(Math.abs(firstEvents.length - 0.01 * EVENTS)).toBeLessThanOrEqual(1);
  });

  it('are not referred to before their first event is that many events back that it is acknowledged', () => {
    expect(later.length).toBeGreaterThan(10_000);
    expect(later.filter(({ n, arrival }) => !(firstEvents[arrival]! < n - REFER_AFTER))).toEqual([]);
  });

  it('get the further events asked for', () => {
    // of the run's end only: the first arrivals are waited for, and re-ratings add to them
    const tail = later.filter(({ n }) => n > EVENTS / 2).length / (EVENTS / 2);
    expect(tail).toBeGreaterThan(0.17);
    expect(tail).toBeLessThan(0.22);
  });
});
