import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MOVIELENS_RATINGS_BY_HOUR, meanOne } from '../../../core/schedule/movielens-day.ts';

const RATINGS = new URL('../../../data/ml-latest-small/ratings.csv', import.meta.url);

it('the hours of a day are those of the ratings that ship', () => {
  const counts = new Array<number>(24).fill(0);
  for (const line of readFileSync(RATINGS, 'utf8').split('\n').slice(1)) {
    if (line !== '') counts[Math.floor(Number(line.split(',')[3]) / 3_600) % 24]! += 1;
  }
  expect(MOVIELENS_RATINGS_BY_HOUR).toEqual(counts);
});

it('they are busiest at 20 UTC, quietest at 6 UTC, three times apart, with mean 1', () => {
  const weights = meanOne(MOVIELENS_RATINGS_BY_HOUR);
  const [most, least] = [Math.max(...weights), Math.min(...weights)];
  expect([weights.indexOf(most), weights.indexOf(least)]).toEqual([20, 6]);
  expect(most / least).toBeCloseTo(3.0, 1);
  expect(weights.reduce((sum, weight) => sum + weight, 0) / 24).toBeCloseTo(1, 12);
});
