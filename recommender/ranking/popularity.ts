import { float64 } from '../state/column.ts';
import { createTable, type Table } from '../state/table.ts';
import type { RatingStore } from '../store/rating-store.ts';

/**
 * How many came to a film, older visits fading with a half-life of a year, and what that makes of it for somebody of whom
 * nothing is known: a mean that needs ratings to be believed, and what people watch these days.
 */
export interface Popularity {
  readonly table: Table;
  ensureFilms(rows: number): void;
  count(film: number, tsMs: number): void;
  uncount(film: number, tsMs: number): void;
  /** prepares `coldScore` for this moment and mean */
  at(tsMs: number): void;
  coldScore(film: number): number;
}

const HALF_LIFE_MS = 365 * 86_400_000;
/** 1 January 1995. Weights grow from here on, so that a decayed count never has to be touched again: 64 bits last 1,000 half-lives. */
const ORIGIN_MS = 788_918_400_000;
const PRIOR_RATINGS = 20;
const COUNT_WEIGHT = 0.5;

export function createPopularity(store: RatingStore): Popularity {
  const table = createTable('popularity', { weight: float64() });
  const { weight } = table.columns;
  let fading = 1;
  let mean = 0;

  const weightAt = (tsMs: number): number => 2 ** ((tsMs - ORIGIN_MS) / HALF_LIFE_MS);

  return {
    table,
    ensureFilms: table.ensure,
    count(film, tsMs) {
      weight.data[film]! += weightAt(tsMs);
    },
    uncount(film, tsMs) {
      weight.data[film] = Math.max(0, weight.data[film]! - weightAt(tsMs));
    },
    at(tsMs) {
      fading = 1 / weightAt(tsMs);
      mean = store.mean();
    },
    coldScore(film) {
      const average =
        (store.filmStars(film) + PRIOR_RATINGS * mean) / (store.filmRatings(film) + PRIOR_RATINGS);
      return average + COUNT_WEIGHT * Math.log1p(weight.data[film]! * fading);
    },
  };
}
