import type { RatingEvent } from '../core/rating-event.ts';
import type { RatingsTable } from './ratings-table.ts';

/** What an event says; who it is (its id) is the run's matter. */
export type EventContent = Omit<RatingEvent, 'eventId'>;

/** Where events come from. Asking twice for the same number must give the same content: that is what makes a resend safe. */
export interface EventSource {
  /** events there are; Infinity when it never ends */
  readonly length: number;
  /** @param intendedTsMs wall-clock time the event should be sent at; sources of live events use it as event time */
  content(eventNumber: number, intendedTsMs: number): EventContent;
}

/** The file's ratings in time order, with the event times they had. */
export function createReplaySource(table: RatingsTable): EventSource {
  return {
    length: table.length,
    content: (n) => row(table, n, table.seconds[n]! * 1_000, 'replay'),
  };
}

function row(table: RatingsTable, at: number, tsMs: number, source: string): EventContent {
  return {
    userId: table.userIds[at]!,
    movieId: table.movieIds[at]!,
    kind: 'RATED',
    rating: table.halfStars[at]! / 2,
    tsMs,
    source,
  };
}
