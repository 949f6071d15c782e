import { ENGINES, type EngineName } from '../../recommender/engines/create-engine.ts';
import { evaluateColdStart } from '../../recommender/evaluation/cold-start.ts';
import { crossValidate } from '../../recommender/evaluation/cross-validation.ts';
import { hashFolds } from '../../recommender/evaluation/folds.ts';
import { createLearner, type LearnerName, learnerOptions } from '../../recommender/evaluation/learners.ts';
import { evaluatePrequential, type StreamError } from '../../recommender/evaluation/prequential.ts';
import { createMovieRanker, RANKERS } from '../../recommender/evaluation/rankers.ts';
import { evaluateRanking } from '../../recommender/evaluation/ranking.ts';
import { orderOf, type Ratings, selectRatings } from '../../recommender/evaluation/ratings.ts';
import { RIVER_ON_SAMPLE, SAMPLE_HASH, SURPRISE_ON_SAMPLE } from '../../recommender/evaluation/references.ts';
import { type Split, splitLast, splitNextSession } from '../../recommender/evaluation/splits.ts';
import { evaluateStorms } from '../../recommender/evaluation/storms.ts';
import type { ModelSettings } from '../../recommender/options.ts';
import type { Cell } from '../print.ts';
import { digits, type Report } from './report.ts';
import { shards } from './shards.ts';
import type { Task } from './task.ts';

export const PROTOCOLS = [
  'cv3',
  'prequential',
  'last10',
  'next-session',
  'cold-start',
  'storms',
  'shards',
] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export const RUN: Readonly<Record<Protocol, (task: Task) => Report>> = {
  cv3: crossValidation,
  prequential,
  last10: (task) => ranking('last 10 ratings of each user', task, splitLast),
  'next-session': (task) => ranking('first 10 ratings after a day of rest', task, splitNextSession),
  'cold-start': coldStart,
  storms,
  shards,
};

/** those that learn from a stream; the others have no place in it */
const onlineOf = (engines: readonly LearnerName[]): EngineName[] =>
  engines.filter((engine): engine is EngineName => (ENGINES as readonly string[]).includes(engine));

const passesOf = (engine: LearnerName, { epochs }: ModelSettings): string =>
  engine === 'svd' ? `${epochs} epochs` : 'one pass';

function crossValidation({ ratings, hash, engines, order, seed, model, say }: Task): Report {
  const rows = orderOf(ratings, order, seed);
  const folds = hashFolds(ratings);
  const results = engines.map((engine) => {
    say(`${engine}, ${order} order …`);
    return { engine, order, ...crossValidate(createLearner(engine, seed, model), ratings, rows, folds) };
  });
  const own = results.map(({ engine, rmse, mae, folds }): Cell[] => [
    engine,
    order,
    passesOf(engine, model),
    digits(rmse),
    digits(mae),
    folds.map((fold) => digits(fold.rmse)).join(' '),
  ]);
  const others = (hash === SAMPLE_HASH ? SURPRISE_ON_SAMPLE : [])
    .filter((reference) => reference.order === order || reference.order === 'file')
    .map((reference): Cell[] => [
      `${reference.program} (reference)`,
      reference.order,
      reference.passes,
      digits(reference.rmse),
      digits(reference.mae),
      '',
    ]);
  return {
    title: '3-fold cross-validation, folds hash3',
    columns: ['engine', 'order', 'passes', 'RMSE', 'MAE', 'RMSE by fold'],
    rows: [...own, ...others],
    figures: { results },
    notes: ['one pass: each rating is learned once, when it comes, with its replay in the event path'],
  };
}

function prequential({ ratings, engines, hash, seed, model, say }: Task): Report {
  const order = orderOf(ratings, 'time', seed);
  const online = engines.filter((engine): engine is EngineName =>
    (ENGINES as readonly string[]).includes(engine),
  );
  const results = online.map((engine) => {
    say(`${engine}, in order of time …`);
    const options = learnerOptions(engine, seed, model);
    return { engine, ...evaluatePrequential(options, ratings, order, true) };
  });
  const errors = (label: string, { all, last20, last10 }: StreamError): Cell[] => [
    label,
    ...[all, last20, last10].map(({ rmse, mae }) => `${digits(rmse)} / ${digits(mae)}`),
  ];
  const hitCells = (hits: { all: number; liked: number } | null): Cell[] =>
    hits ? [digits(hits.all), digits(hits.liked)] : ['', ''];
  const rows = results.flatMap(({ engine, withDrift, withoutDrift, hits }) => [
    [...errors(engine, withDrift), ...hitCells(hits)],
    [...errors(`${engine}, without drift`, withoutDrift), '', ''],
  ]);
  const first = results[0];
  if (first) {
    rows.push([...errors('running mean', first.mean), '', '']);
    rows.push(['popularity', '', '', '', digits(first.hits!.popularity), '']);
  }
  const others = (hash === SAMPLE_HASH ? RIVER_ON_SAMPLE : []).map(
    ({ program, all, last20, last10 }): Cell[] => [
      `${program} (reference)`,
      digits(all),
      digits(last20),
      digits(last10),
      '',
      '',
    ],
  );
  return {
    title: 'prequential: predict, score, learn, in order of time',
    columns: ['engine', 'all RMSE / MAE', 'last 20 %', 'last 10 %', 'HR@20, last 20 %', 'rated 4 or more'],
    rows: [...rows, ...others],
    figures: {
      results: results.map(({ engine, withDrift, withoutDrift, hits }) => ({
        engine,
        hits,
        withDrift: plain(withDrift),
        withoutDrift: plain(withoutDrift),
      })),
    },
    notes: ['drift moves all films of a user alike: it betters the rating shown, never the order of a list'],
  };
}

/** getters -> values */
const plain = ({ all, last20, last10 }: StreamError) =>
  Object.fromEntries(
    Object.entries({ all, last20, last10 }).map(([span, { rmse, mae, count }]) => [
      span,
      { rmse, mae, count },
    ]),
  );

function ranking(title: string, task: Task, split: (ratings: Ratings, order: Int32Array) => Split): Report {
  const { ratings, seed, model, say } = task;
  const { train, test } = split(ratings, orderOf(ratings, 'time', seed));
  const trained = selectRatings(ratings, train);
  const online = onlineOf(task.engines);
  const rankers = [
    ...online.map((engine) => [`recommender, ${engine}`, 'recommender', engine] as const),
    ...RANKERS.filter((name) => name !== 'recommender').map((name) => [LABELS[name], name, 'blend'] as const),
  ];
  const results = rankers.map(([label, name, engine]) => {
    say(`${label} …`);
    const ranker = createMovieRanker(name, trained, seed, engine, model);
    return { ranker: label, ...evaluateRanking(ranker, ratings, test) };
  });
  return {
    title: `${title}, the whole catalogue ranked`,
    columns: ['ranker', 'recall@20', 'NDCG@10', 'recall@20, rated 4 or more', 'films shown', 'users'],
    rows: results.map((r) => [
      r.ranker,
      digits(r.recall20),
      digits(r.ndcg10),
      digits(r.likedRecall20),
      r.distinct,
      r.users,
    ]),
    figures: { results },
    notes: [],
  };
}

const LABELS = {
  popularity: 'number of ratings',
  average: 'average of 20 ratings or more',
  svd: 'svd, by predicted rating',
} as const;

function coldStart({ ratings, seed }: Task): Report {
  const found = evaluateColdStart(ratings, orderOf(ratings, 'time', seed));
  const results = Object.entries(found).map(([ranker, quality]) => ({ ranker, ...quality }));
  return {
    title: "the first list of each new user, against the user's first 20 ratings",
    columns: ['ranker', 'recall@20', 'recall@20, rated 4 or more', 'users'],
    rows: results.map((r) => [r.ranker, digits(r.recall20), digits(r.likedRecall20), r.users]),
    figures: { results },
    notes: [],
  };
}

function storms({ ratings, engines, seed, model, say }: Task): Report {
  const order = orderOf(ratings, 'time', seed);
  const folds = hashFolds(ratings);
  const online = onlineOf(engines);
  const results = online.map((engine) => {
    say(`${engine} …`);
    const options = learnerOptions(engine, seed, model);
    return { engine, ...evaluateStorms(options, ratings, order, folds, 0, seed) };
  });
  return {
    title:
      'RMSE on fold 0 after wrong ratings that were corrected or withdrawn, and after watches without a rating',
    columns: [
      'engine',
      'truth alone',
      'corrected',
      '40 % watched',
      'taken as 3.5',
      "as the film's average",
      "as the user's",
    ],
    rows: results.map((r) => [
      r.engine,
      ...[r.truth, r.corrected, r.watched, r.imputed.neutral, r.imputed.film, r.imputed.user].map(digits),
    ]),
    figures: { results },
    notes: ['what is watched and not rated teaches no rating: imputing one would cost the difference'],
  };
}
