import { crossValidate } from '../../recommender/evaluation/cross-validation.ts';
import { MERGE_RULES } from '../../recommender/evaluation/film-merge.ts';
import { hashFolds } from '../../recommender/evaluation/folds.ts';
import { learnerOptions } from '../../recommender/evaluation/learners.ts';
import { orderOf } from '../../recommender/evaluation/ratings.ts';
import { type Sharding, shardedLearner } from '../../recommender/evaluation/shards.ts';
import { digits, type Report } from './report.ts';
import type { Task } from './task.ts';

const ALONE: Sharding = { shards: 1, mergeEvery: 1, rule: 'sum' };
/** Shards, and events of all of them between two merges. */
const SHARDED: readonly Sharding[] = (
  [
    [2, 1_000],
    [4, 1_000],
    [8, 1_000],
    [8, 10_000],
  ] as const
).flatMap(([shards, mergeEvery]) => MERGE_RULES.map((rule) => ({ shards, mergeEvery, rule })));

/** What it costs to part the users of one log among several recommenders that merge their films now and then. */
export function shards({ ratings, order, seed, model, say }: Task): Report {
  const rows = orderOf(ratings, order, seed);
  const folds = hashFolds(ratings);
  const { engine } = learnerOptions('sgd', seed, model);
  const results = [ALONE, ...SHARDED].map((sharding) => {
    say(`${sharding.shards} shards, merged every ${sharding.mergeEvery} events (${sharding.rule}) …`);
    const { rmse, mae } = crossValidate(shardedLearner(engine, sharding), ratings, rows, folds);
    return { ...sharding, rmse, mae };
  });
  return {
    title: `sgd, users parted among shards, films merged; 3-fold cross-validation, folds hash3, ${order} order`,
    columns: ['shards', 'events between merges', 'rule', 'RMSE', 'MAE'],
    rows: results.map((one) => [
      one.shards,
      one.shards === 1 ? '-' : one.mergeEvery,
      one.shards === 1 ? '-' : one.rule,
      digits(one.rmse),
      digits(one.mae),
    ]),
    figures: { results },
    notes: ['rows and blend are not parted: the rows of films are solved from the rows of their users'],
  };
}
