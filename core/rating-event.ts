/** What may happen between a person and a film. CANARY is the reconciler's own heartbeat and concerns nobody. */
export const EVENT_KINDS = ['RATED', 'UNRATED', 'WATCHED', 'UNWATCHED', 'USER_DELETED', 'CANARY'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** One event as the Avro contract `schemas/rating-event.v1.avsc` carries it. */
export interface RatingEvent {
  /** 16 bytes; unique per event, equal only for duplicates */
  readonly eventId: Uint8Array;
  readonly userId: number;
  /** MovieLens id; 0 where `kind` concerns no film */
  readonly movieId: number;
  readonly kind: EventKind;
  /** 0.0 to 5.0 in half steps, only with RATED */
  readonly rating: number | null;
  /** event time, ms since 1970 */
  readonly tsMs: number;
  readonly source: string;
}

/** Kinds that name a film; the others carry movieId 0. */
export function concernsFilm(kind: EventKind): boolean {
  return kind !== 'USER_DELETED' && kind !== 'CANARY';
}
