import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChance } from '../../../core/chance.ts';
import { CONTENT_DEFAULTS } from '../../../producer/content/content-model.ts';
import { createShuffle } from '../../../producer/content/id-shuffle.ts';
import { createPopulation } from '../../../producer/content/user-population.ts';
import { headShare } from './fixture.ts';

const DRAWS = 200_000;

function draw(size: number, exponent: number, seed = 3): number[] {
  const population = createPopulation({ firstId: 1, lastId: size }, exponent, createChance(seed, 'users'));
  return Array.from({ length: DRAWS }, (_, i) => population((i + 0.5) / DRAWS));
}

describe('the population of users', () => {
  it('has a busiest tenth that gives 47.7 % of the events, as in MovieLens, however many they are', () => {
    for (const size of [610, 20_000]) {
      expect(headShare(draw(size, CONTENT_DEFAULTS.activityExponent), 0.1, size)).toBeCloseTo(0.477, 2);
    }
  });

  it('follows its law at every depth', () => {
    const ids = draw(10_000, 0.5);
    for (const part of [0.01, 0.1, 0.5]) {
      expect(headShare(ids, part, 10_000)).toBeCloseTo(part ** 0.5, 2);
    }
  });

  it('is even without skew', () => {
    expect(headShare(draw(610, 0), 0.1, 610)).toBeCloseTo(0.1, 2);
  });

  it('has other busy users for another seed', () => {
    expect(draw(610, 0.68, 3).slice(0, 100)).not.toEqual(draw(610, 0.68, 4).slice(0, 100));
  });

  it('stays within its range, at both ends of chance', () => {
    const range = fc
      .tuple(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 2 ** 31 - 1 }))
      .map(([a, b]) => ({ firstId: Math.min(a, b), lastId: Math.max(a, b) }));
    fc.assert(
      fc.property(range, fc.constantFrom(0, 0.5, 0.68, 0.99), fc.nat(), (users, exponent, seed) => {
        const population = createPopulation(users, exponent, createChance(seed, 'users'));
        for (const unit of [0, 0.5, 1 - 2 ** -53]) {
          expect(population(unit)).toBeGreaterThanOrEqual(users.firstId);
          expect(population(unit)).toBeLessThanOrEqual(users.lastId);
        }
      }),
    );
  });
});

describe('a shuffle', () => {
  it('puts every rank in a place of its own', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), fc.nat(), (size, seed) => {
        const shuffle = createShuffle(size, createChance(seed, 'users'));
        const places = new Set(Array.from({ length: size }, (_, rank) => shuffle(rank)));
        expect(places.size).toBe(size);
        expect(Math.max(...places)).toBe(size - 1);
      }),
    );
  });
});
