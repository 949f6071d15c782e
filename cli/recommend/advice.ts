/** A film as the API's answers name it. */
export interface FilmName {
  readonly movie_id: number;
  /** null for a film that no catalogue at hand knows */
  readonly title: string | null;
  readonly year: number | null;
}

export interface AdvisedFilm extends FilmName {
  readonly genres: string;
  readonly score: number;
  readonly predicted_rating: number;
  readonly source: 'personal' | 'cold';
  readonly because: readonly Omit<FilmName, 'year'>[];
}

/** What the user did with a film. */
export interface OwnFilm {
  readonly movie: FilmName;
  /** stars; null where it was watched and not rated */
  readonly rating: number | null;
  readonly ts: string;
}

/** A list for one user, and what it rests on. */
export interface Advice {
  readonly user_id: number;
  /** the running recommender, or what it left on disk */
  readonly from: 'api' | 'snapshot';
  /** time of the newest event that it rests on; null where nothing was learned */
  readonly as_of: string | null;
  readonly recommendations: readonly AdvisedFilm[];
  /** newest first; empty unless it was asked why */
  readonly history: readonly OwnFilm[];
}

export interface Question {
  readonly userId: number;
  readonly limit: number;
  readonly why: boolean;
}

/** How much of the user's own past is shown with the reasons. */
export const HISTORY_LIMIT = 10;
