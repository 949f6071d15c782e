import { isSeen } from '../store/opinion.ts';
import type { RatingStore } from '../store/rating-store.ts';
import type { CoOccurrence } from './co-occurrence.ts';
import type { Popularity } from './popularity.ts';
import { createTopList, type TopList } from './top-list.ts';

/** Where a recommendation comes from: what the user did, or what people in general like these days. */
export type RecommendationSource = 'personal' | 'cold';

export type Predict = (user: number, film: number) => number;

/** The answer stands in the ranker's own arrays until the next call. */
export interface Ranker {
  readonly length: number;
  readonly films: Int32Array;
  readonly scores: Float64Array;
  /** place of the first film that was filled up from the cold order */
  readonly coldFrom: number;
  /**
   * The at most `limit` best films that the user neither rated nor watched, best first.
   * @param user -1 for somebody unknown
   * @param predict expected stars, within the scale
   */
  rank(user: number, limit: number, tsMs: number, predict: Predict): void;
  /** the films of the last user's history that speak most for `film`, strongest first */
  because(film: number): number[];
}

/** Longest list that may be asked for. */
export const MAX_LIMIT = 1_000;
/** Films of the past that count, each half as much as one that came five films later: sessions change their subject. */
const HISTORY = 50;
const HISTORY_HALF_LIFE = 5;
/** How much a star more of predicted rating is worth: closeness says what one will watch, the rating how it will be liked. */
const RATING_WEIGHT = 0.5;
const NEUTRAL_STARS = 3.5;
const MOST_STARS = 5;
const MAX_REASONS = 3;
const LARGEST_FACTOR = Math.exp(RATING_WEIGHT * (MOST_STARS - NEUTRAL_STARS));

const HISTORY_WEIGHTS = Float64Array.from({ length: HISTORY }, (_, age) => 0.5 ** (age / HISTORY_HALF_LIFE));

/**
 * Personal films: closeness to the user's recent films, the newer the heavier, times e^(0.5 (predicted - 3.5)). What is
 * missing comes from the cold order. An exact scan: of the films that are close to anything, only those are skipped that
 * could not enter the list even with five predicted stars.
 */
export function createRanker(
  store: RatingStore,
  pairs: CoOccurrence,
  popularity: Popularity,
  filmCount: () => number,
): Ranker {
  const personal = createTopList(MAX_LIMIT);
  const cold = createTopList(MAX_LIMIT);
  const reasons = createTopList(MAX_REASONS);
  const films = new Int32Array(MAX_LIMIT);
  const scores = new Float64Array(MAX_LIMIT);
  const history = new Int32Array(HISTORY);
  let historyLength = 0;
  let closeness = new Float64Array(0);
  let touched = new Int32Array(0);
  let banned = new Uint8Array(0);

  function makeRoom(): void {
    if (filmCount() <= banned.length) return;
    const size = Math.ceil(filmCount() * 1.5);
    closeness = new Float64Array(size);
    touched = new Int32Array(size);
    banned = new Uint8Array(size);
  }

  /** the user's list, newest first: what was seen is banned, the newest of it is the history */
  function readUser(user: number): void {
    historyLength = 0;
    if (user < 0) return;
    const start = store.users.start(user);
    const { film, opinion } = store.users.columns;
    for (let slot = start + store.users.length(user) - 1; slot >= start; slot--) {
      if (!isSeen(opinion.data[slot]!)) continue;
      banned[film.data[slot]!] = 1;
      if (historyLength < HISTORY) history[historyLength++] = film.data[slot]!;
    }
  }

  function liftBans(user: number): void {
    for (let place = 0; place < personal.length; place++) banned[personal.keys[place]!] = 0;
    if (user < 0) return;
    const start = store.users.start(user);
    const { data } = store.users.columns.film;
    for (let slot = start + store.users.length(user) - 1; slot >= start; slot--) banned[data[slot]!] = 0;
  }

  function offerPersonal(user: number, predict: Predict): void {
    let length = 0;
    for (let age = 0; age < historyLength; age++) {
      length = pairs.spread(history[age]!, HISTORY_WEIGHTS[age]!, closeness, touched, length);
    }
    for (let k = 0; k < length; k++) {
      const film = touched[k]!;
      const close = closeness[film]!;
      closeness[film] = 0;
      if (banned[film] === 1 || close * LARGEST_FACTOR <= personal.threshold) continue;
      personal.offer(film, close * Math.exp(RATING_WEIGHT * (predict(user, film) - NEUTRAL_STARS)));
    }
  }

  function offerCold(tsMs: number): void {
    for (let place = 0; place < personal.length; place++) banned[personal.keys[place]!] = 1;
    popularity.at(tsMs);
    for (let film = filmCount() - 1; film >= 0; film--) {
      if (banned[film] === 0) cold.offer(film, popularity.coldScore(film));
    }
  }

  function copy(list: TopList, from: number): void {
    for (let place = 0; place < list.length; place++) {
      films[from + place] = list.keys[place]!;
      scores[from + place] = list.scores[place]!;
    }
  }

  return {
    films,
    scores,
    get length() {
      return personal.length + cold.length;
    },
    get coldFrom() {
      return personal.length;
    },
    rank(user, limit, tsMs, predict) {
      makeRoom();
      readUser(user);
      personal.clear(limit);
      offerPersonal(user, predict);
      cold.clear(limit - personal.length);
      if (personal.length < limit) offerCold(tsMs);
      liftBans(user);
      copy(personal, 0);
      copy(cold, personal.length);
    },
    because(film) {
      reasons.clear(MAX_REASONS);
      for (let age = 0; age < historyLength; age++) {
        const strength = HISTORY_WEIGHTS[age]! * pairs.closeness(history[age]!, film);
        if (strength > 0) reasons.offer(history[age]!, strength);
      }
      return Array.from(reasons.keys.subarray(0, reasons.length));
    },
  };
}
