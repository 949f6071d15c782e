import type { Fields } from './csv.ts';
import { cleanText } from './field-values.ts';
import { genresOfMovieLens } from './genres.ts';
import { type FieldRemark, parseId, type RowOutcome, remarksOn } from './rows.ts';

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

/** `(1995)`, also `(2006–2007)` and `(1993-)`, at the title's end. */
const YEAR = /\s*\((\d{4})(?:\s*[–-]\s*\d{0,4})?\)\s*$/;

export const MOVIELENS_COLUMNS = ['movieId', 'title', 'genres'] as const;
export const LINK_COLUMNS = ['movieId', 'imdbId', 'tmdbId'] as const;

/** A row of MovieLens `movies.csv`. */
export function toMovieLensMovie(
  fields: Fields,
): RowOutcome<{ movie: MovieLensMovie; remarks: readonly FieldRemark[] }> {
  const movieId = parseId(fields.movieId);
  if (movieId === null) return { quarantine: { field: 'movieId', reason: 'not_an_id' } };
  const title = cleanText(fields.title ?? '');
  const year = Number(YEAR.exec(title.value)?.[1] ?? 0);
  const genreWords = fields.genres ?? '';
  const { unknownWords } = genresOfMovieLens(genreWords);
  return {
    ok: {
      movie: { movieId, title: title.value.replace(YEAR, '').trim(), year, genreWords },
      remarks: [
        ...remarksOn('title', title, fields.title ?? ''),
        ...(unknownWords.length > 0
          ? [
              {
                outcome: 'blanked' as const,
                trouble: { field: 'genres', reason: 'unknown_genre', text: unknownWords.join('|') },
              },
            ]
          : []),
      ],
    },
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
