/**
 * Draws of stream `content` per event. Numbers are part of what a seed means: a new decision takes a new number, an old
 * one keeps its own.
 */
export const DRAWS = {
  user: 0,
  film: 1,
  rating: 2,
  /** re-ratings from the low end, watches from the high one: neither share moves the other's events */
  kind: 3,
  reRated: 4,
  /** whether by somebody new */
  newcomer: 5,
  freshUser: 6,
  /** unknown films from the low end, fresh ones from the high one */
  filmKind: 7,
  freshFilm: 8,
} as const;

/** Draws of stream `arrivals` per arrival or unknown film. */
export const ARRIVAL_DRAWS = { user: 0, film: 1, newFilmRatedLike: 2, unknownFilmRatedLike: 3 } as const;
