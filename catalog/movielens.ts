import type { Trouble } from './findings.ts';

export interface MovieLensMovie {
  readonly movieId: number;
  /** without the year in brackets */
  readonly title: string;
  /** 0 = not known */
  readonly year: number;
  /** words joined by `|`, as in the file */
  readonly genreWords: string;
}

export interface Link {
  readonly movieId: number;
  /** with `tt` and its leading zeros; '' = not known */
  readonly imdbId: string;
  /** 0 = the file names none */
  readonly tmdbId: number;
}

export type Fields = Readonly<Record<string, string>>;
export type RowOutcome<T> = { readonly ok: T } | { readonly quarantine: Trouble };

/** `(1995)`, also `(2006–2007)` and `(1993-)`, at the title's end. */
const YEAR = /\s*\((\d{4})(?:\s*[–-]\s*\d{0,4})?\)\s*$/;
const MAX_ID = 2 ** 31 - 1;

/** Ids are Avro ints in the events: 1 to 2^31 - 1. Null for anything else. */
export function parseId(text: string | undefined): number | null {
  if (!text || !/^\d{1,10}$/.test(text)) return null;
  const id = Number(text);
  return id >= 1 && id <= MAX_ID ? id : null;
}

/** A row of MovieLens `movies.csv`. */
export function toMovieLensMovie(fields: Fields): RowOutcome<MovieLensMovie> {
  const movieId = parseId(fields.movieId);
  if (movieId === null) return { quarantine: { field: 'movieId', reason: 'not_an_id' } };
  const text = fields.title ?? '';
  const year = Number(YEAR.exec(text)?.[1] ?? 0);
  return {
    ok: { movieId, title: text.replace(YEAR, '').trim(), year, genreWords: fields.genres ?? '' },
  };
}

/** A row of `links.csv`. An empty tmdbId is a film without a match, not a fault. */
export function toLink(fields: Fields): RowOutcome<Link> {
  const movieId = parseId(fields.movieId);
  if (movieId === null) return { quarantine: { field: 'movieId', reason: 'not_an_id' } };
  const tmdbText = (fields.tmdbId ?? '').replace(/\.0$/, '');
  const tmdbId = tmdbText === '' ? 0 : parseId(tmdbText);
  if (tmdbId === null) return { quarantine: { field: 'tmdbId', reason: 'not_an_id' } };
  return { ok: { movieId, tmdbId, imdbId: imdbIdOf(fields.imdbId ?? '') } };
}

/** `0114709` -> `tt0114709`. */
function imdbIdOf(text: string): string {
  return /^\d{1,10}$/.test(text) ? `tt${text.padStart(7, '0')}` : '';
}
