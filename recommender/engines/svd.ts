import { createChance } from '../../core/chance.ts';
import { fillNormal } from './initial-factors.ts';

/** A list of ratings by position; what a batch model is fitted to. */
export interface RatingColumns {
  readonly length: number;
  readonly userIds: ArrayLike<number>;
  readonly movieIds: ArrayLike<number>;
  readonly halfStars: ArrayLike<number>;
}

export interface SvdOptions {
  readonly factors: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly regularization: number;
  readonly seed: number;
}

export interface SvdModel {
  /** stars, not clipped; unknown users and films lose their terms */
  predict(userId: number, movieId: number): number;
}

const INITIAL_DEVIATION = 0.1;

/**
 * The batch model that services retrain every quarter of an hour: scikit-surprise's SVD, step for step. The mean is fixed,
 * biases start at 0 and factors at N(0, 0.1), in double precision; every epoch visits the ratings grouped by user, users by
 * first appearance, without shuffling, so that the order of the rows moves the result.
 *
 * @param onEpoch called after each epoch with the model as it then is
 */
export function fitSvd(
  ratings: RatingColumns,
  options: SvdOptions,
  onEpoch: (epoch: number, model: SvdModel) => void = () => undefined,
): SvdModel {
  const { factors, epochs, learningRate: rate, regularization: decay, seed } = options;
  const users = indexIds(ratings.userIds, ratings.length);
  const films = indexIds(ratings.movieIds, ratings.length);
  const visits = groupByUser(users.rows, users.index.size);
  const p = normalRows(users.index, factors, seed, 'svd.user');
  const q = normalRows(films.index, factors, seed, 'svd.film');
  const userBias = new Float64Array(users.index.size);
  const filmBias = new Float64Array(films.index.size);
  let mean = 0;
  for (let at = 0; at < ratings.length; at++) mean += ratings.halfStars[at]! / 2;
  mean /= Math.max(1, ratings.length);

  function visit(at: number): void {
    const user = users.rows[at]!;
    const film = films.rows[at]!;
    const a = user * factors;
    const b = film * factors;
    let dot = 0;
    for (let k = 0; k < factors; k++) dot += p[a + k]! * q[b + k]!;
    const error = ratings.halfStars[at]! / 2 - (mean + userBias[user]! + filmBias[film]! + dot);
    userBias[user]! += rate * (error - decay * userBias[user]!);
    filmBias[film]! += rate * (error - decay * filmBias[film]!);
    for (let k = 0; k < factors; k++) {
      const x = p[a + k]!;
      const y = q[b + k]!;
      p[a + k] = x + rate * (error * y - decay * x);
      q[b + k] = y + rate * (error * x - decay * y);
    }
  }

  const model: SvdModel = {
    predict(userId, movieId) {
      const user = users.index.get(userId);
      const film = films.index.get(movieId);
      let stars = mean;
      if (user !== undefined) stars += userBias[user]!;
      if (film !== undefined) stars += filmBias[film]!;
      if (user === undefined || film === undefined) return stars;
      for (let k = 0; k < factors; k++) stars += p[user * factors + k]! * q[film * factors + k]!;
      return stars;
    },
  };
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (let n = 0; n < visits.length; n++) visit(visits[n]!);
    onEpoch(epoch, model);
  }
  return model;
}

interface Indexed {
  readonly rows: Int32Array;
  readonly index: ReadonlyMap<number, number>;
}

function indexIds(ids: ArrayLike<number>, length: number): Indexed {
  const rows = new Int32Array(length);
  const index = new Map<number, number>();
  for (let at = 0; at < length; at++) {
    const id = ids[at]!;
    if (!index.has(id)) index.set(id, index.size);
    rows[at] = index.get(id)!;
  }
  return { rows, index };
}

/** Positions sorted by row, in their own order within a row. */
function groupByUser(rows: Int32Array, users: number): Int32Array {
  const next = new Int32Array(users + 1);
  for (const row of rows) next[row + 1]!++;
  for (let row = 0; row < users; row++) next[row + 1]! += next[row]!;
  const positions = new Int32Array(rows.length);
  for (let at = 0; at < rows.length; at++) positions[next[rows[at]!]!++] = at;
  return positions;
}

function normalRows(index: ReadonlyMap<number, number>, factors: number, seed: number, stream: string) {
  const chance = createChance(seed, stream);
  const values = new Float64Array(index.size * factors);
  for (const [id, row] of index) fillNormal(values, row * factors, factors, INITIAL_DEVIATION, chance, id);
  return values;
}
