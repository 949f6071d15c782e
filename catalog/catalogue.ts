import type { CpiMonth } from './cpi.ts';
import type { FilmFacts, Named } from './film-facts.ts';
import { genresOfMovieLens, UNKNOWN_ID, UNKNOWN_NAME } from './genres.ts';
import type { Link, MovieLensMovie } from './movielens.ts';

/** What the files said, each film, link and month once. */
export interface Sources {
  readonly movieLens: ReadonlyMap<number, MovieLensMovie>;
  readonly links: ReadonlyMap<number, Link>;
  /** by TMDB id */
  readonly facts: ReadonlyMap<number, FilmFacts>;
  readonly cpi: readonly CpiMonth[];
  /** where each kept row begins, by its id */
  readonly lines: Readonly<Record<'movies' | 'links' | 'metadata', ReadonlyMap<number, number>>>;
}

/** A row of `catalog_movies`, without its version. Column names as in the table. */
export interface MovieRow {
  readonly movie_id: number;
  readonly tmdb_id: number;
  readonly imdb_id: string;
  readonly facts_from: 'tmdb' | 'movielens';
  /** '' where nobody named a genre */
  readonly genres_from: 'tmdb' | 'movielens' | '';
  readonly title: string;
  readonly original_title: string;
  /** '' where nobody wrote one */
  readonly overview: string;
  readonly release_date: string | null;
  readonly release_year: number;
  readonly budget: number | null;
  readonly revenue: number | null;
  readonly suspect_money: boolean;
  readonly popularity: number | null;
  readonly vote_average: number | null;
  readonly vote_count: number;
  readonly runtime_minutes: number | null;
  readonly original_language: string;
  readonly status: string;
  readonly collection_id: number;
  readonly collection_name: string;
  readonly country_codes: readonly string[];
  readonly language_codes: readonly string[];
  readonly genre_ids: readonly number[];
  readonly company_ids: readonly number[];
}

export interface Catalogue {
  readonly movies: readonly MovieRow[];
  readonly genres: readonly Named[];
  readonly companies: readonly Named[];
  readonly links: readonly Link[];
  readonly cpi: readonly CpiMonth[];
  /** MovieLens films that carry TMDB facts */
  readonly matched: number;
}

/** Counts of one version, as `catalog_versions` has them. */
export interface VersionCounts {
  readonly movies: number;
  readonly matched: number;
  readonly genres: number;
  readonly companies: number;
  readonly links: number;
  readonly cpi_months: number;
  readonly quarantined: number;
}

/**
 * Joins MovieLens films to TMDB facts through the links and through nothing else: MovieLens ids and TMDB ids are both
 * small numbers, and joining them directly matches hundreds of films, every one of them wrongly. A film known to one
 * side only keeps its row, with 0 for the id it lacks.
 */
export function buildCatalogue(sources: Omit<Sources, 'lines'>): Catalogue {
  const { movieLens, links, facts } = sources;
  const movieIds = [...new Set([...movieLens.keys(), ...links.keys()])].sort((a, b) => a - b);
  const linked = new Set([...links.values()].map((link) => link.tmdbId));
  const movies = movieIds.map((id) => {
    const link = links.get(id);
    return movieRow(id, link, movieLens.get(id), link && facts.get(link.tmdbId));
  });
  const matched = movies.filter((movie) => movie.facts_from === 'tmdb').length;
  const unlinked = [...facts.values()].filter(({ tmdbId }) => !linked.has(tmdbId));
  movies.push(
    ...unlinked
      .sort((a, b) => a.tmdbId - b.tmdbId)
      .map((film) => movieRow(UNKNOWN_ID, undefined, undefined, film)),
  );
  const films = [...facts.values()];
  return {
    movies,
    matched,
    genres: withUnknown([
      ...films.flatMap((film) => film.genres),
      ...[...movieLens.values()].flatMap((movie) => genresOfMovieLens(movie.genreWords).genres),
    ]),
    companies: withUnknown(films.flatMap((film) => film.companies)),
    links: [...links.values()].sort((a, b) => a.movieId - b.movieId),
    cpi: sources.cpi,
  };
}

function movieRow(
  movieId: number,
  link: Link | undefined,
  movie: MovieLensMovie | undefined,
  film: FilmFacts | undefined,
): MovieRow {
  const tmdbGenres = film?.genres ?? [];
  const lent = genresOfMovieLens(movie?.genreWords ?? '').genres;
  const genres = tmdbGenres.length > 0 ? tmdbGenres : lent;
  return {
    movie_id: movieId,
    tmdb_id: film?.tmdbId ?? link?.tmdbId ?? UNKNOWN_ID,
    imdb_id: film?.imdbId || link?.imdbId || '',
    facts_from: film ? 'tmdb' : 'movielens',
    genres_from: tmdbGenres.length > 0 ? 'tmdb' : lent.length > 0 ? 'movielens' : '',
    title: film?.title || movie?.title || UNKNOWN_NAME,
    original_title: film?.originalTitle ?? '',
    overview: film?.overview ?? '',
    release_date: film?.releaseDate ?? null,
    release_year: film?.releaseYear || movie?.year || 0,
    budget: film?.budget ?? null,
    revenue: film?.revenue ?? null,
    suspect_money: film?.suspectMoney ?? false,
    popularity: film?.popularity ?? null,
    vote_average: film?.voteAverage ?? null,
    vote_count: film?.voteCount ?? 0,
    runtime_minutes: film?.runtimeMinutes ?? null,
    original_language: film?.originalLanguage ?? '',
    status: film?.status ?? '',
    collection_id: film?.collection?.id ?? UNKNOWN_ID,
    collection_name: film?.collection?.name ?? '',
    country_codes: film?.countryCodes ?? [],
    language_codes: film?.languageCodes ?? [],
    genre_ids: idsOrUnknown(genres),
    company_ids: idsOrUnknown(film?.companies ?? []),
  };
}

function idsOrUnknown(named: readonly Named[]): number[] {
  const ids = [...new Set(named.map(({ id }) => id))];
  return ids.length > 0 ? ids : [UNKNOWN_ID];
}

/** Each id once, by the first name met, with `(unknown)` under 0. */
function withUnknown(named: readonly Named[]): Named[] {
  const byId = new Map<number, Named>([[UNKNOWN_ID, { id: UNKNOWN_ID, name: UNKNOWN_NAME }]]);
  for (const one of named) if (!byId.has(one.id)) byId.set(one.id, one);
  return [...byId.values()].sort((a, b) => a.id - b.id);
}
