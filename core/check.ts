import { concernsFilm, type RatingEvent } from './rating-event.ts';

/** 1995-01-01: the oldest rating of the MovieLens archive is from January 1995. */
export const EARLIEST_EVENT_MS: number = Date.UTC(1995, 0, 1);
/** How far a person's clock may run ahead of the broker's before the event time is taken for nonsense. */
export const MAX_CLOCK_SKEW_MS = 5 * 60_000;

const MAX_RATING = 5;

/**
 * True when every field of the event has a meaning. Compared with the record's Kafka time, never with our clock,
 * so that the answer is the same whenever the log is read.
 */
export function isInDomain(event: RatingEvent, logTsMs: number): boolean {
  return (
    isUser(event) && isFilm(event) && isRating(event) && isEventTime(event.tsMs, logTsMs + MAX_CLOCK_SKEW_MS)
  );
}

/** True when the event time is older than allowed at the record's Kafka time: a column, never a verdict. */
export function isLate(event: RatingEvent, logTsMs: number, allowedLatenessMs: number): boolean {
  return event.tsMs < logTsMs - allowedLatenessMs;
}

function isUser({ kind, userId }: RatingEvent): boolean {
  return Number.isInteger(userId) && userId >= (kind === 'CANARY' ? 0 : 1);
}

function isFilm({ kind, movieId }: RatingEvent): boolean {
  return concernsFilm(kind) ? Number.isInteger(movieId) && movieId >= 1 : movieId === 0;
}

function isRating({ kind, rating }: RatingEvent): boolean {
  if (kind !== 'RATED') return rating === null;
  return rating !== null && rating >= 0 && rating <= MAX_RATING && Number.isInteger(rating * 2);
}

function isEventTime(tsMs: number, latestMs: number): boolean {
  return tsMs >= EARLIEST_EVENT_MS && tsMs <= latestMs;
}
