import { createChance } from '../../core/chance.ts';
import { float32, float64 } from '../state/column.ts';
import { createTable } from '../state/table.ts';
import { halfStarsOf } from '../store/opinion.ts';
import type { RatingStore } from '../store/rating-store.ts';
import { fillNormal } from './initial-factors.ts';
import type { RatingEngine } from './rating-engine.ts';
import { createReplayOrder } from './replay-order.ts';

export interface SgdOptions {
  readonly factors: number;
  /** before Adagrad divides it by the root of the row's squared gradients */
  readonly learningRate: number;
  readonly regularization: number;
  /** ratings visited again per round of replay */
  readonly replaySteps: number;
  readonly seed: number;
}

export const SGD_DEFAULTS: SgdOptions = {
  factors: 50,
  learningRate: 0.2,
  regularization: 0.15,
  replaySteps: 4,
  seed: 7,
};

/** A bias with gain 1/(n + this) is the mean of its n residuals shrunk towards 0: one pass needs no learning rate. */
const BIAS_SHRINKAGE = 3;
/** Below this gain a bias would stop to follow its film. */
const LEAST_GAIN = 0.005;
const REPLAY_BIAS_DECAY = LEAST_GAIN * 0.1;
const INITIAL_DEVIATION = 0.1;
/** stars; no model that works errs by that much, and within it no step can leave the finite numbers */
const MAX_ERROR = 100;

/**
 * Biased matrix factorisation by stochastic gradient descent, online: mean + biases + user row x film row. Factors step by
 * row-wise Adagrad (Chin et al. 2015, "reduced" accumulators), so that a row that has moved much moves less.
 */
export function createSgdEngine(store: RatingStore, options: SgdOptions): RatingEngine {
  const { factors, learningRate, regularization, replaySteps, seed } = options;
  const side = () => ({ factors: float32(factors), bias: float32(), gradient: float32(1, 1) });
  const users = createTable('sgd.user', side());
  const films = createTable('sgd.film', side());
  const counters = createTable('sgd.counters', { replayed: float64(), refused: float64() }, 1);
  const userStart = createChance(seed, 'sgd.user');
  const filmStart = createChance(seed, 'sgd.film');
  const pickSlot = createReplayOrder(counters.columns.replayed, seed, 'sgd.replay');

  function dot(user: number, film: number): number {
    const p = users.columns.factors.data;
    const q = films.columns.factors.data;
    const width = factors;
    const from = user * width;
    const other = film * width;
    // two sums: neither addition waits for the other
    let even = 0;
    let odd = 0;
    let k = 0;
    for (; k < width - 1; k += 2) {
      even += p[from + k]! * q[other + k]!;
      odd += p[from + k + 1]! * q[other + k + 1]!;
    }
    return k < width ? even + odd + p[from + k]! * q[other + k]! : even + odd;
  }

  const biased = (user: number, film: number): number =>
    store.mean() + users.columns.bias.data[user]! + films.columns.bias.data[film]!;

  function predict(user: number, film: number): number {
    const knowsUser = user >= 0 && store.userRatings(user) > 0;
    const knowsFilm = film >= 0 && store.filmRatings(film) > 0;
    if (knowsUser && knowsFilm) return biased(user, film) + dot(user, film);
    if (knowsUser) return store.mean() + users.columns.bias.data[user]!;
    return knowsFilm ? store.mean() + films.columns.bias.data[film]! : store.mean();
  }

  function moveBiases(user: number, film: number, error: number, fresh: boolean): void {
    const bu = users.columns.bias.data;
    const bi = films.columns.bias.data;
    if (fresh) {
      bu[user]! += gain(store.userRatings(user)) * error;
      bi[film]! += gain(store.filmRatings(film)) * error;
    } else {
      bu[user]! += LEAST_GAIN * error - REPLAY_BIAS_DECAY * bu[user]!;
      bi[film]! += LEAST_GAIN * error - REPLAY_BIAS_DECAY * bi[film]!;
    }
  }

  function moveFactors(user: number, film: number, error: number): void {
    const p = users.columns.factors.data;
    const q = films.columns.factors.data;
    const userGradient = users.columns.gradient.data;
    const filmGradient = films.columns.gradient.data;
    const userRate = learningRate / Math.sqrt(userGradient[user]!);
    const filmRate = learningRate / Math.sqrt(filmGradient[film]!);
    // a local number stays in a register, the closure's would be read anew in every turn
    const decay = regularization;
    const width = factors;
    const from = user * width;
    const other = film * width;
    let userSum = 0;
    let filmSum = 0;
    for (let k = 0; k < width; k++) {
      const x = p[from + k]!;
      const y = q[other + k]!;
      const gx = error * y - decay * x;
      const gy = error * x - decay * y;
      userSum += gx * gx;
      filmSum += gy * gy;
      p[from + k] = x + userRate * gx;
      q[other + k] = y + filmRate * gy;
    }
    userGradient[user]! += userSum / factors;
    filmGradient[film]! += filmSum / factors;
  }

  function step(user: number, film: number, rating: number, fresh: boolean): void {
    const error = rating - biased(user, film) - dot(user, film);
    // written so that NaN is refused too
    if (!(Math.abs(error) < MAX_ERROR)) {
      counters.columns.refused.data[0]!++;
      return;
    }
    moveBiases(user, film, error, fresh);
    if (factors > 0) moveFactors(user, film, error);
  }

  function shiftBiases(user: number, film: number, residual: number): void {
    if (!(Math.abs(residual) < MAX_ERROR)) return;
    users.columns.bias.data[user]! += residual / (store.userRatings(user) + BIAS_SHRINKAGE);
    films.columns.bias.data[film]! += residual / (store.filmRatings(film) + BIAS_SHRINKAGE);
  }

  return {
    tables: [users, films, counters],
    addUser(row, userId) {
      users.ensure(row + 1);
      fillNormal(users.columns.factors.data, row * factors, factors, INITIAL_DEVIATION, userStart, userId);
    },
    addFilm(row, movieId) {
      films.ensure(row + 1);
      fillNormal(films.columns.factors.data, row * factors, factors, INITIAL_DEVIATION, filmStart, movieId);
    },
    predict,
    learn: (user, film, rating) => step(user, film, rating, true),
    relearn(user, film, rating, before) {
      // a mean follows a corrected value at once; the factors need the replay that comes after
      shiftBiases(user, film, rating - before);
      step(user, film, rating, false);
    },
    unlearn: (user, film, before) => shiftBiases(user, film, predict(user, film) - before),
    forgetUser(user, userId) {
      users.columns.bias.data[user] = 0;
      users.columns.gradient.data[user] = 1;
      fillNormal(users.columns.factors.data, user * factors, factors, INITIAL_DEVIATION, userStart, userId);
    },
    replay(rounds) {
      for (let n = rounds * replaySteps; n > 0; n--) {
        const slot = store.drawRating(pickSlot);
        if (slot < 0) return;
        const { film, opinion } = store.users.columns;
        step(store.users.ownerOfSlot(slot), film.data[slot]!, halfStarsOf(opinion.data[slot]!) / 2, false);
      }
    },
    refusedUpdates: () => counters.columns.refused.data[0]!,
  };
}

const gain = (ratings: number): number => Math.max(1 / (ratings + BIAS_SHRINKAGE), LEAST_GAIN);
