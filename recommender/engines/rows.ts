import { createChance } from '../../core/chance.ts';
import { float64 } from '../state/column.ts';
import { createTable } from '../state/table.ts';
import { halfStarsOf, isRated } from '../store/opinion.ts';
import type { RatingStore } from '../store/rating-store.ts';
import { fillNormal } from './initial-factors.ts';
import type { RatingEngine } from './rating-engine.ts';
import { createReplayOrder } from './replay-order.ts';
import { createRowSide, type RowSide } from './row-side.ts';

export interface RowsOptions {
  readonly factors: number;
  /** a row is built anew from its ratings when their number has grown by this factor */
  readonly rebuildGrowth: number;
  /** newest ratings of a user that its row is built from */
  readonly userCap: number;
  /** pairs of rows built anew per round of replay */
  readonly replayPairs: number;
  readonly seed: number;
}

export const ROWS_DEFAULTS: RowsOptions = {
  factors: 8,
  rebuildGrowth: 1.3,
  userCap: 512,
  replayPairs: 1,
  seed: 3,
};

/** Newest ratings of a film that its row is built from; the store keeps no more. */
export const ROWS_FILM_CAP = 512;

/** Films start at random factors that count as certain, or no user would ever leave the origin. */
const USER_PRIOR = { factorVariance: 0.5, biasVariance: 0.19, initialFactorVariance: 0.5 };
const FILM_PRIOR = { factorVariance: 0.03, biasVariance: 0.2, initialFactorVariance: 0 };
const INITIAL_DEVIATION = 0.1;
/** Refreshes by replay that a row gets while its ratings come in, about. */
const REFRESHES = 64;

/**
 * Biased matrix factorisation by mean-field variational Bayes, one coordinate step per event: a row is the exact answer to
 * its own ratings, given what the other side's rows are and how sure they are. No learning rate, and a rating that is taken
 * back is gone from both rows.
 *
 * An event adds one term to the equations of its two rows and solves them again. What the rows of the other side have
 * learned since enters when a row is rebuilt: when it has grown, and by replay, without which a stream in order of time
 * loses what a shuffled one gains.
 */
export function createRowsEngine(store: RatingStore, options: RowsOptions): RatingEngine {
  const { factors, rebuildGrowth, userCap, replayPairs, seed } = options;
  const { films: filmRatings } = store;
  if (!filmRatings) throw new RangeError('rows need the ratings of each film');
  const users = createRowSide('rows.user', factors, USER_PRIOR);
  const films = createRowSide('rows.film', factors, FILM_PRIOR);
  const counters = createTable('rows.counters', { replayed: float64(), refused: float64() }, 1);
  const filmStart = createChance(seed, 'rows.film');
  const pickSlot = createReplayOrder(counters.columns.replayed, seed, 'rows.replay');
  const refreshTurns = createChance(seed, 'rows.refresh');

  function rebuildUser(user: number): void {
    const { film, opinion } = store.users.columns;
    const start = store.users.start(user);
    const mean = store.mean();
    let left = userCap;
    users.begin();
    for (let slot = start + store.users.length(user) - 1; slot >= start && left > 0; slot--) {
      if (!isRated(opinion.data[slot]!)) continue;
      users.accumulate(films, film.data[slot]!, halfStarsOf(opinion.data[slot]!) / 2 - mean);
      left--;
    }
    users.store(user);
  }

  function rebuildFilm(film: number): void {
    const { lists } = filmRatings!;
    const start = lists.start(film);
    const end = start + lists.length(film);
    const mean = store.mean();
    films.begin();
    for (let slot = start; slot < end; slot++) {
      const stars = lists.columns.halfStars.data[slot]! / 2;
      films.accumulate(users, lists.columns.user.data[slot]!, stars - mean);
    }
    films.store(film);
  }

  function solve(side: RowSide, row: number): void {
    if (!side.solve(row)) counters.columns.refused.data[0]!++;
  }

  function renewUser(user: number): void {
    rebuildUser(user);
    solve(users, user);
  }

  function renewFilm(film: number): void {
    rebuildFilm(film);
    solve(films, film);
  }

  /** Long rows are drawn often and cost much: as many refreshes of a row, whatever its length, are enough. */
  function refresh(user: number, film: number): void {
    const turn = refreshTurns.unit(counters.columns.replayed.data[0]!);
    if (turn * store.userRatings(user) < REFRESHES) renewUser(user);
    if (turn * store.filmRatings(film) < REFRESHES) renewFilm(film);
  }

  return {
    tables: [users.table, films.table, counters],
    addUser: (row) => users.add(row),
    addFilm(row, movieId) {
      films.add(row, (means, from) => {
        fillNormal(means, from, factors, INITIAL_DEVIATION, filmStart, movieId);
      });
    },
    predict(user, film) {
      const knowsUser = user >= 0 && store.userRatings(user) > 0;
      const knowsFilm = film >= 0 && store.filmRatings(film) > 0;
      const x = users.table.columns.mean.data;
      const y = films.table.columns.mean.data;
      const width = factors + 1;
      const a = user * width;
      const b = film * width;
      let sum = store.mean();
      if (knowsUser) sum += x[a + factors]!;
      if (knowsFilm) sum += y[b + factors]!;
      if (knowsUser && knowsFilm) for (let k = 0; k < factors; k++) sum += x[a + k]! * y[b + k]!;
      return sum;
    },
    learn(user, film, rating) {
      if (users.isDue(user, rebuildGrowth)) rebuildUser(user);
      else users.addTerm(user, films, film, rating - store.mean());
      solve(users, user);
      if (films.isDue(film, rebuildGrowth)) rebuildFilm(film);
      else films.addTerm(film, users, user, rating - store.mean());
      solve(films, film);
    },
    relearn(user, film) {
      renewUser(user);
      renewFilm(film);
    },
    unlearn(user, film, _, forgetting) {
      if (!forgetting) renewUser(user);
      renewFilm(film);
    },
    forgetUser: (user) => users.reset(user),
    replay(rounds) {
      for (let n = rounds * replayPairs; n > 0; n--) {
        const slot = store.drawRating(pickSlot);
        if (slot < 0) return;
        refresh(store.users.ownerOfSlot(slot), store.users.columns.film.data[slot]!);
      }
    },
    refusedUpdates: () => counters.columns.refused.data[0]!,
  };
}
