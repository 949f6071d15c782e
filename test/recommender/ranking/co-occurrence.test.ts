import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCoOccurrence } from '../../../recommender/ranking/co-occurrence.ts';

const FILMS = 60;
const aPair = fc.tuple(fc.nat(FILMS - 1), fc.nat(FILMS - 1)).filter(([a, b]) => a !== b);

function create(films: number) {
  const pairs = createCoOccurrence(1);
  pairs.ensureFilms(films);
  for (let film = 0; film < films; film++) pairs.countFilm(film);
  return pairs;
}

describe('co-occurrence', () => {
  it('counts exactly while there is room, taking back what is taken back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(aPair, fc.integer({ min: -1, max: 2 })), { maxLength: 300 }),
        (changes) => {
          const pairs = create(FILMS);
          const model = new Map<string, number>();
          for (const [[a, b], change] of changes) {
            const key = `${Math.min(a, b)}:${Math.max(a, b)}`;
            const count = model.get(key) ?? 0;
            for (let n = 0; n < change; n++) pairs.countPair(a, b);
            if (change < 0) pairs.uncountPair(a, b);
            model.set(key, Math.max(0, count + change));
          }
          for (const [key, count] of model) {
            const [a, b] = key.split(':').map(Number) as [number, number];
            expect([pairs.pairs(a, b), pairs.pairs(b, a)]).toEqual([count, count]);
          }
          const scores = new Float64Array(FILMS);
          const touched = new Int32Array(FILMS);
          const length = pairs.spread(0, 0.5, scores, touched, 0);
          const neighbours = [...model].filter(([key, count]) => key.startsWith('0:') && count > 0);
          expect(length).toBe(neighbours.length);
          for (const [key, count] of neighbours) {
            expect(scores[Number(key.slice(2))]).toBeCloseTo((0.5 * count) / (1 + 10), 12);
          }
        },
      ),
    );
  });

  it('keeps those that come often through a flood of those that come once', () => {
    const films = 20_000;
    const pairs = create(films);
    for (let round = 0; round < 30; round++) for (let film = 1; film <= 200; film++) pairs.countPair(0, film);
    for (let film = 201; film < films; film++) pairs.countPair(0, film);
    let kept = 0;
    for (let film = 1; film <= 200; film++) if (pairs.pairs(0, film) >= 30) kept++;
    expect(kept).toBeGreaterThanOrEqual(195);
    let neighbours = 0;
    let largestNewcomer = 0;
    for (let film = 1; film < films; film++) {
      if (pairs.pairs(0, film) > 0) neighbours++;
      if (film > 200) largestNewcomer = Math.max(largestNewcomer, pairs.pairs(0, film));
    }
    expect(neighbours).toBeLessThanOrEqual(512);
    expect(largestNewcomer).toBe(1);
  });
});
