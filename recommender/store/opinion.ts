/**
 * A user's opinion of a film in 16 bits: half stars (15 is none), watched, counted (its pairs and its popularity have been
 * counted), and the milliseconds of its time, whose seconds stand in a column of their own.
 */
const NO_RATING = 15;
const HALF_STARS = 0xf;
const WATCHED = 1 << 4;
const COUNTED = 1 << 5;
const MILLIS_SHIFT = 6;

export const NO_OPINION = NO_RATING;

export const isRated = (opinion: number): boolean => (opinion & HALF_STARS) !== NO_RATING;
export const isWatched = (opinion: number): boolean => (opinion & WATCHED) !== 0;
export const isCounted = (opinion: number): boolean => (opinion & COUNTED) !== 0;
/** Rated or watched: never recommended. */
export const isSeen = (opinion: number): boolean => isRated(opinion) || isWatched(opinion);
export const halfStarsOf = (opinion: number): number => opinion & HALF_STARS;
export const millisOf = (opinion: number): number => opinion >>> MILLIS_SHIFT;

export const withHalfStars = (opinion: number, halfStars: number): number =>
  (opinion & ~HALF_STARS) | halfStars;
export const withoutRating = (opinion: number): number => (opinion & ~HALF_STARS) | NO_RATING;
export const withWatched = (opinion: number, watched: boolean): number =>
  watched ? opinion | WATCHED : opinion & ~WATCHED;
export const withCounted = (opinion: number): number => opinion | COUNTED;
export const withMillis = (opinion: number, millis: number): number =>
  (opinion & (2 ** MILLIS_SHIFT - 1)) | (millis << MILLIS_SHIFT);
