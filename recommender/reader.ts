import type { Drift } from './engines/drift.ts';
import type { RatingEngine } from './engines/rating-engine.ts';
import type { Contacts } from './ranking/contacts.ts';
import { createRanker, MAX_LIMIT, type RecommendationSource } from './ranking/ranker.ts';
import { createTopList } from './ranking/top-list.ts';
import type { Column } from './state/column.ts';
import type { IdIndex } from './state/id-index.ts';
import { halfStarsOf, isRated, isSeen, isWatched } from './store/opinion.ts';
import type { RatingStore } from './store/rating-store.ts';
import { clip } from './store/scale.ts';

export interface Recommendation {
  readonly movieId: number;
  /** comparable within one answer and one source alone */
  readonly score: number;
  readonly predictedRating: number;
  readonly source: RecommendationSource;
  /** films of the user's own that led to this one, strongest first */
  readonly because: readonly number[];
}

export interface Opinion {
  readonly movieId: number;
  /** stars; null when it was only watched */
  readonly rating: number | null;
  readonly watched: boolean;
  readonly tsMs: number;
}

export interface FilmStatistics {
  /** who rated or watched it */
  readonly users: number;
  readonly ratings: number;
  /** stars; null without ratings */
  readonly average: number | null;
}

/** What can be asked. No call changes a byte of the state. */
export interface Reader {
  /** rises with every event that changed something */
  version(): number;
  /** newest event time applied, ms since 1970 */
  latestMs(): number;
  users(): number;
  films(): number;
  /** the id of the film that came n-th, from 0 to `films()` - 1 */
  filmIdAt(place: number): number;
  /** who rated or watched that film */
  filmUsersAt(place: number): number;
  ratings(): number;
  /** the running mean of all ratings, stars */
  mean(): number;
  knowsUser(userId: number): boolean;
  /** expected stars within the scale; with `tsMs`, in the user's mood of that time. Unknown ids count as average. */
  predict(userId: number, movieId: number, tsMs?: number): number;
  recommend(userId: number, limit: number): Recommendation[];
  /** public ids of what `recommend` would give, without reasons, as of any time; allocates the list alone */
  topMovies(userId: number, limit: number, tsMs?: number): number[];
  similar(movieId: number, limit: number): { readonly movieId: number; readonly score: number }[];
  /** newest contact first */
  opinions(userId: number): Opinion[];
  opinion(userId: number, movieId: number): Opinion | null;
  filmStatistics(movieId: number): FilmStatistics;
}

export interface ReaderParts {
  readonly users: IdIndex;
  readonly films: IdIndex;
  readonly store: RatingStore;
  readonly engine: RatingEngine;
  readonly drift: Drift;
  readonly contacts: Contacts | null;
  readonly latestMs: Column<Float64Array>;
  readonly version: Column<Float64Array>;
}

const NEVER_SEEN: FilmStatistics = { users: 0, ratings: 0, average: null };

export function createReader(parts: ReaderParts): Reader {
  const { users, films, store, engine, drift, contacts, latestMs, version } = parts;
  const ranker = contacts && createRanker(store, contacts.pairs, contacts.popularity, () => films.size);
  const similarFilms = createTopList(MAX_LIMIT);

  const predictRows = (user: number, film: number): number => clip(engine.predict(user, film));

  function predict(userId: number, movieId: number, tsMs?: number): number {
    const user = users.rowOf(userId);
    const film = films.rowOf(movieId);
    const mood = tsMs === undefined || user < 0 ? 0 : drift.at(user, tsMs);
    return clip(engine.predict(user, film) + mood);
  }

  function rank(userId: number, limit: number, tsMs = latestMs.data[0]!): number {
    if (!ranker) throw new RangeError('this recommender was built without ranking');
    const user = users.rowOf(userId);
    ranker.rank(user, limit, tsMs, predictRows);
    return user;
  }

  const opinionAt = (user: number, index: number): Opinion => {
    const opinion = store.opinion(user, index);
    return {
      movieId: films.idOf(store.users.columns.film.data[store.users.start(user) + index]!),
      rating: isRated(opinion) ? halfStarsOf(opinion) / 2 : null,
      watched: isWatched(opinion),
      tsMs: store.tsMs(user, index),
    };
  };

  return {
    version: () => version.data[0]!,
    latestMs: () => latestMs.data[0]!,
    users: () => users.size,
    films: () => films.size,
    filmIdAt: films.idOf,
    filmUsersAt: store.filmUsers,
    ratings: store.ratingCount,
    mean: store.mean,
    knowsUser: (userId) => users.rowOf(userId) >= 0,
    predict,
    recommend(userId, limit) {
      const now = latestMs.data[0]!;
      rank(userId, limit);
      const { length, coldFrom, scores } = ranker!;
      return Array.from({ length }, (_, place): Recommendation => {
        const film = ranker!.films[place]!;
        const personal = place < coldFrom;
        return {
          movieId: films.idOf(film),
          score: scores[place]!,
          predictedRating: predict(userId, films.idOf(film), now),
          source: personal ? 'personal' : 'cold',
          because: personal ? ranker!.because(film).map(films.idOf) : [],
        };
      });
    },
    topMovies(userId, limit, tsMs) {
      rank(userId, limit, tsMs);
      return Array.from({ length: ranker!.length }, (_, place) => films.idOf(ranker!.films[place]!));
    },
    similar(movieId, limit) {
      const film = films.rowOf(movieId);
      similarFilms.clear(limit);
      if (film >= 0) contacts?.pairs.eachNeighbour(film, similarFilms.offer);
      return Array.from({ length: similarFilms.length }, (_, place) => ({
        movieId: films.idOf(similarFilms.keys[place]!),
        score: similarFilms.scores[place]!,
      }));
    },
    opinions(userId) {
      const user = users.rowOf(userId);
      if (user < 0) return [];
      const found: Opinion[] = [];
      for (let index = store.users.length(user) - 1; index >= 0; index--) {
        if (isSeen(store.opinion(user, index))) found.push(opinionAt(user, index));
      }
      return found;
    },
    opinion(userId, movieId) {
      const user = users.rowOf(userId);
      const film = films.rowOf(movieId);
      const index = user < 0 || film < 0 ? -1 : store.find(user, film);
      return index >= 0 && isSeen(store.opinion(user, index)) ? opinionAt(user, index) : null;
    },
    filmStatistics(movieId) {
      const film = films.rowOf(movieId);
      if (film < 0) return NEVER_SEEN;
      const ratings = store.filmRatings(film);
      return {
        users: store.filmUsers(film),
        ratings,
        average: ratings > 0 ? store.filmStars(film) / ratings : null,
      };
    },
  };
}
