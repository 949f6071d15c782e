import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { projectRoot } from '../../runtime/environment.ts';

/**
 * What the aggregates must say about the sample, worked out without the product: other code, no SQL, no shared parser.
 * Ids are read from the metadata's lists with one pattern instead of a literal parser.
 */
export interface Rating {
  readonly userId: number;
  readonly movieId: number;
  readonly halfStars: number;
  /** event time, seconds since 1970 */
  readonly seconds: number;
}

export interface Totals {
  n: number;
  halfStars: number;
}

export interface FilmIds {
  readonly genreIds: readonly number[];
  readonly companyIds: readonly number[];
}

const data = (...path: string[]) => join(projectRoot, 'data', ...path);
const rowsOf = (file: string) =>
  parse(readFileSync(file), { columns: true, relax_column_count: true }) as Record<string, string>[];

/** MovieLens words, for the films that no metadata row describes. */
const WORDS: Readonly<Record<string, number>> = {
  Action: 28,
  Adventure: 12,
  Animation: 16,
  Children: 10751,
  Comedy: 35,
  Crime: 80,
  Documentary: 99,
  Drama: 18,
  Fantasy: 14,
  'Film-Noir': 60001,
  Horror: 27,
  Musical: 10402,
  Mystery: 9648,
  Romance: 10749,
  'Sci-Fi': 878,
  Thriller: 53,
  War: 10752,
  Western: 37,
};

export function sampleRatings(): Rating[] {
  return rowsOf(data('ml-latest-small', 'ratings.csv')).map((row) => ({
    userId: Number(row.userId),
    movieId: Number(row.movieId),
    halfStars: Number(row.rating) * 2,
    seconds: Number(row.timestamp),
  }));
}

/** MovieLens id -> genre and company ids; 0 where nobody knows. */
export function sampleFilms(): Map<number, FilmIds> {
  const facts = new Map<string, FilmIds>();
  for (const row of rowsOf(data('the-movies-dataset', 'movies_metadata.csv'))) {
    facts.set(row.id!, { genreIds: idsIn(row.genres!), companyIds: idsIn(row.production_companies!) });
  }
  const tmdbOf = new Map(
    rowsOf(data('ml-latest-small', 'links.csv')).map((row) => [row.movieId!, row.tmdbId!]),
  );
  return new Map(
    rowsOf(data('ml-latest-small', 'movies.csv')).map((row) => {
      const known = facts.get(tmdbOf.get(row.movieId!) ?? '');
      const words = row.genres!.split('|').flatMap((word) => WORDS[word] ?? []);
      const genreIds = known && known.genreIds.length > 0 ? known.genreIds : words;
      return [
        Number(row.movieId),
        { genreIds: orUnknown(genreIds), companyIds: orUnknown(known?.companyIds ?? []) },
      ];
    }),
  );
}

/** Sums by id over ratings, once per genre (or company) of the film. */
export function foldBy(
  ratings: readonly Rating[],
  films: ReadonlyMap<number, FilmIds>,
  dimension: 'genreIds' | 'companyIds',
): Map<number, Totals> {
  const totals = new Map<number, Totals>();
  for (const { movieId, halfStars } of ratings) {
    for (const id of films.get(movieId)?.[dimension] ?? [0]) {
      const sum = totals.get(id) ?? { n: 0, halfStars: 0 };
      totals.set(id, { n: sum.n + 1, halfStars: sum.halfStars + halfStars });
    }
  }
  return totals;
}

function idsIn(list: string): number[] {
  return [...new Set([...list.matchAll(/'id': (\d+)/g)].map((match) => Number(match[1])))];
}

function orUnknown(ids: readonly number[]): readonly number[] {
  return ids.length > 0 ? ids : [0];
}
