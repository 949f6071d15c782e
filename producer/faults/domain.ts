import { EARLIEST_EVENT_MS } from '../../core/check.ts';
import type { EventContent } from '../event-source.ts';
import type { DomainForm } from './fault.ts';

/** Far beyond the tolerated skew, so that the time a record spends on its way changes nothing. */
const AHEAD_MS = 86_400_000;

type Spoil = (content: EventContent, intendedTsMs: number) => Partial<EventContent>;

const rated = (rating: number | null): Partial<EventContent> => ({ kind: 'RATED', rating });
const watched = (movieId: number): Partial<EventContent> => ({ kind: 'WATCHED', rating: null, movieId });

/** What each form puts in place of a good value; whatever the event was, one rule of core/check.ts is broken. */
const SPOILT: Readonly<Record<DomainForm, Spoil>> = {
  rating_step: () => rated(3.3),
  rating_above: () => rated(7.5),
  rating_below: () => rated(-0.5),
  rating_missing: () => rated(null),
  rating_on_watch: () => ({ kind: 'WATCHED', rating: 4 }),
  user_zero: () => ({ userId: 0 }),
  user_negative: ({ userId }) => ({ userId: -userId }),
  film_zero: () => watched(0),
  film_negative: ({ movieId }) => watched(-Math.max(1, movieId)),
  film_on_deletion: ({ movieId }) => ({ kind: 'USER_DELETED', rating: null, movieId: Math.max(1, movieId) }),
  time_before_1995: () => ({ tsMs: EARLIEST_EVENT_MS - 1 }),
  time_ahead: (_, intendedTsMs) => ({ tsMs: Math.round(intendedTsMs) + AHEAD_MS }),
};

/** The event with one value that means nothing. It still encodes, and keeps its id. */
export function spoil(content: EventContent, form: DomainForm, intendedTsMs: number): EventContent {
  return { ...content, ...SPOILT[form](content, intendedTsMs) };
}
