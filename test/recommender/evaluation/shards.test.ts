import { describe, expect, it } from 'vitest';
import { evaluateFold } from '../../../recommender/evaluation/cross-validation.ts';
import { createFilmMerge } from '../../../recommender/evaluation/film-merge.ts';
import { hashFolds } from '../../../recommender/evaluation/folds.ts';
import { learnerOptions, onlineLearner } from '../../../recommender/evaluation/learners.ts';
import { orderOf, selectRatings } from '../../../recommender/evaluation/ratings.ts';
import { type Sharding, shardedLearner } from '../../../recommender/evaluation/shards.ts';
import { KNOWN_SETTINGS } from '../../../recommender/options.ts';
import { sampleRatings } from './sample.ts';

const sample = sampleRatings();
const everyFifth = Array.from({ length: sample.length }, (_, row) => row).filter(
  (row) => sample.userIds[row]! % 5 === 0,
);
const ratings = selectRatings(sample, everyFifth);
const order = orderOf(ratings, 'time', 0);
const folds = hashFolds(ratings);
const options = learnerOptions('sgd', 0, { ...KNOWN_SETTINGS, factors: 16 });
const rmseOf = (sharding: Sharding) =>
  evaluateFold(shardedLearner(options.engine, sharding), ratings, order, folds, 0).rmse;

describe('users parted among shards', () => {
  const alone = evaluateFold(onlineLearner(options), ratings, order, folds, 0).rmse;

  it('one shard is the recommender itself', () => {
    expect(rmseOf({ shards: 1, mergeEvery: 1, rule: 'sum' })).toBeCloseTo(alone, 6);
  });

  it('merged often, up to eight are as good as one', () => {
    for (const [shards, mergeEvery] of [
      [2, 300],
      [8, 300],
    ] as const) {
      expect(rmseOf({ shards, mergeEvery, rule: 'clipped' })).toBeLessThan(alone + 0.004);
    }
  });

  it('merged at the end alone, they know less of every film, and their sum goes too far', () => {
    const never = { shards: 8, mergeEvery: ratings.length } as const;
    const summed = rmseOf({ ...never, rule: 'sum' });
    expect(summed).toBeGreaterThan(alone + 0.01);
    expect(rmseOf({ ...never, rule: 'clipped' })).toBeLessThan(summed);
  });
});

describe('a merge', () => {
  const side = () =>
    new Map<string, Float32Array | Float64Array | Int32Array>([
      ['sgd.film.factors', Float32Array.of(0.1, 0.2, 0.3, 0.4)],
      ['sgd.film.bias', Float32Array.of(0, 0)],
      ['sgd.film.gradient', Float32Array.of(1, 1)],
      ['store.film.ratings', Int32Array.of(0, 0)],
      ['store.film.halfStars', Float64Array.of(0, 0)],
      ['store.totals.ratings', Float64Array.of(0)],
      ['store.totals.halfStars', Float64Array.of(0)],
    ]);

  function step(shard: ReturnType<typeof side>, factor: number, bias: number, ratings: number): void {
    shard.get('sgd.film.factors')![2]! += factor;
    shard.get('sgd.film.bias')![1]! += bias;
    shard.get('sgd.film.gradient')![1]! += 1;
    shard.get('store.film.ratings')![1]! += ratings;
  }

  it.each([
    ['sum', 0.8, 1.2],
    ['clipped', 0.5, 0.5],
  ] as const)('by %s: one row moves, all shards alike, and counts are added up', (rule, factor, bias) => {
    const shards = [side(), side()];
    const merge = createFilmMerge(shards, 2, rule);
    step(shards[0]!, 0.2, 0.3, 3);
    step(shards[1]!, 0.6, 0.9, 1);
    merge();
    for (const shard of shards) {
      expect(shard.get('sgd.film.factors')![2]! - 0.3).toBeCloseTo(factor, 5);
      expect(Array.from(shard.get('sgd.film.factors')!.slice(0, 2))).toEqual(
        Array.from(Float32Array.of(0.1, 0.2)),
      );
      expect(shard.get('sgd.film.bias')![1]).toBeCloseTo(bias, 5);
      expect(shard.get('sgd.film.gradient')![1]).toBeCloseTo(3, 5);
      expect(shard.get('store.film.ratings')![1]).toBe(4);
    }
    const before = shards.map((shard) => shard.get('sgd.film.factors')!.slice());
    merge();
    expect(shards.map((shard) => shard.get('sgd.film.factors'))).toEqual(before);
  });
});
