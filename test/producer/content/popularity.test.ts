import { describe, expect, it } from 'vitest';
import { createChance } from '../../../core/chance.ts';
import { filmWeights, parsePopularity } from '../../../producer/content/popularity.ts';
import { eventsOf, headShare, sample, sum } from './fixture.ts';

const EVENTS = 300_000;
const FILMS = sample.films.movieIds.length;
const filmsOf = (model: typeof sample) => eventsOf(model, EVENTS).map(({ movieId }) => movieId);

describe('popularity', () => {
  it('by counts has the head of MovieLens: 15.7 % of the ratings in the first percent, 60 % in the first tenth', () => {
    const films = filmsOf(sample);
    expect(headShare(films, 0.01, FILMS)).toBeCloseTo(0.157, 2);
    expect(headShare(films, 0.1, FILMS)).toBeCloseTo(0.6, 2);
  });

  it('by counts draws each film as often as it was counted', () => {
    const drawn = new Map<number, number>();
    for (const film of filmsOf(sample)) drawn.set(film, (drawn.get(film) ?? 0) + 1);
    const total = sum([...sample.counts!]);
    sample.films.movieIds.forEach((movieId, row) => {
      const expected = (sample.counts![row]! / total) * EVENTS;
      const found = drawn.get(movieId) ?? 0;
      expect(Math.abs(found - expected)).toBeLessThan(6 * Math.sqrt(expected) + 4);
    });
  });

  it.each([0.5, 0.99])('by zipf %d has the head that its law says', (exponent) => {
    const films = filmsOf({ ...sample, popularity: { by: 'zipf', exponent } });
    const weights = Array.from({ length: FILMS }, (_, rank) => (rank + 1) ** -exponent);
    for (const part of [0.01, 0.1]) {
      const share = sum(weights.slice(0, Math.round(FILMS * part))) / sum(weights);
      expect(headShare(films, part, FILMS)).toBeCloseTo(share, 1);
      expect(Math.abs(headShare(films, part, FILMS) / share - 1)).toBeLessThan(0.05);
    }
  });

  it('without any law is even', () => {
    expect(
      headShare(filmsOf({ ...sample, popularity: { by: 'zipf', exponent: 0 } }), 0.1, FILMS),
    ).toBeLessThan(0.14);
  });

  it('by zipf ranks films by their counts, or has the seed deal the ranks out', () => {
    const law = { by: 'zipf', exponent: 1 } as const;
    const counted = filmWeights(law, 4, Float64Array.of(5, 20, 5, 1), createChance(1, 'films'));
    expect([...counted]).toEqual([1 / 2, 1, 1 / 3, 1 / 4]);
    const [a, b, again] = [1, 2, 1].map((seed) => [
      ...filmWeights(law, 50, null, createChance(seed, 'films')),
    ]);
    expect(a).toEqual(again);
    expect(a).not.toEqual(b);
    expect(a!.toSorted()).toEqual(b!.toSorted());
  });

  it('by counts without counts is refused', () => {
    expect(() => filmWeights({ by: 'counts' }, 3, null, createChance(1, 'films'))).toThrow(/give --counts/);
  });

  it('is read from an option', () => {
    expect(parsePopularity('counts')).toEqual({ by: 'counts' });
    expect(parsePopularity('uniform')).toEqual({ by: 'zipf', exponent: 0 });
    expect(parsePopularity('zipf')).toEqual({ by: 'zipf', exponent: 0.5 });
    expect(parsePopularity('zipf:0.99')).toEqual({ by: 'zipf', exponent: 0.99 });
    for (const text of ['', 'zipf:', 'zipf:-1', 'zipf:6', 'pareto']) {
      expect(() => parsePopularity(text)).toThrow(/--popularity: ".*" is none of/);
    }
  });
});
