import { describe, expect, it } from 'vitest';
import { createChance } from '../../../core/chance.ts';
import { recommenderDefaults } from '../../../recommender/options.ts';
import { createRecommender } from '../../../recommender/recommender.ts';
import { rated, T0 } from '../events.ts';

const FILMS = 150;
const HISTORY_HALF_LIFE = 5;

/** The definition, written down without any of the scan's short cuts. */
describe('the exact scan', () => {
  const chance = createChance(5, 'test');
  const recommender = createRecommender({ ...recommenderDefaults('sgd'), replayInPath: false });
  const history = new Map<number, number[]>();
  const pairs = new Map<string, number>();
  const users = new Map<number, number>();
  const key = (a: number, b: number) => `${Math.min(a, b)}:${Math.max(a, b)}`;
  for (let n = 0; n < 6_000; n++) {
    const user = chance.below(n, 40, 0);
    const movie = Math.floor(FILMS * chance.unit(n, 1) ** 2);
    const own = history.get(user) ?? [];
    if (own.includes(movie)) continue;
    for (const other of own.slice(-10)) pairs.set(key(movie, other), (pairs.get(key(movie, other)) ?? 0) + 1);
    history.set(user, [...own, movie]);
    users.set(movie, (users.get(movie) ?? 0) + 1);
    recommender.apply(rated(user, movie, chance.below(n, 11, 2) / 2, T0 + n));
  }

  it.each([0, 7, 39])('gives user %d the films of the definition, best first', (user) => {
    const own = history.get(user)!;
    const recent = own.slice(-50).reverse();
    const scored: { movieId: number; score: number }[] = [];
    for (const movie of users.keys()) {
      if (own.includes(movie)) continue;
      const close = recent.reduce((sum, other, age) => {
        const count = pairs.get(key(movie, other)) ?? 0;
        const size = Math.sqrt(users.get(movie)! * users.get(other)!) + 10;
        return sum + 0.5 ** (age / HISTORY_HALF_LIFE) * (count / size);
      }, 0);
      if (close === 0) continue;
      const score = close * Math.exp(0.5 * (recommender.predict(user, movie) - 3.5));
      scored.push({ movieId: movie, score });
    }
    scored.sort((a, b) => b.score - a.score);
    const found = recommender.recommend(user, 20).filter(({ source }) => source === 'personal');
    expect(found.length).toBe(Math.min(20, scored.length));
    expect(found.map(({ movieId }) => movieId)).toEqual(scored.slice(0, 20).map(({ movieId }) => movieId));
    found.forEach(({ score }, n) => {
      expect(score).toBeCloseTo(scored[n]!.score, 5);
    });
  });

  it('fills up from the cold order, without what was seen or shown', () => {
    const [user] = [0];
    const list = recommender.recommend(user, 1_000).map(({ movieId }) => movieId);
    expect(new Set(list).size).toBe(list.length);
    expect([...list, ...history.get(user)!].sort((a, b) => a - b)).toEqual(
      [...users.keys()].sort((a, b) => a - b),
    );
    const sources = recommender.recommend(user, 1_000).map(({ source }) => source);
    expect(sources.lastIndexOf('personal')).toBeLessThan(
      sources.includes('cold') ? sources.indexOf('cold') : sources.length,
    );
  });

  it('gives somebody unknown the cold order: Bayesian average and recent popularity', () => {
    const [best, ...rest] = recommender.recommend(12_345, 20);
    expect(best!.source).toBe('cold');
    const scores = [best!, ...rest].map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    const { ratings, average } = recommender.filmStatistics(best!.movieId);
    const bayes = (average! * ratings + 20 * recommender.mean()) / (ratings + 20);
    expect(best!.score).toBeCloseTo(bayes + 0.5 * Math.log1p(ratings), 3);
  });
});
