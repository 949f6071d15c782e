import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { genresOfMovieLens } from '../../../catalog/genres.ts';
import { sampleFolder } from './fixture.ts';

/**
 * The sample read a second time, without the loader, its repairs or SQL: files by a synchronous reader, list columns by
 * patterns, sums by loops. Only the table of MovieLens words is shared, which is data.
 */
export interface FoldFilm {
  readonly tmdbId: number;
  readonly title: string;
  /** YYYY-MM-DD, empty = not known */
  readonly date: string;
  readonly year: number;
  readonly budget: number | null;
  readonly revenue: number | null;
  readonly profit: number | null;
  readonly popularity: number;
  readonly runtime: number | null;
  readonly average: number | null;
  readonly votes: number;
  /** [0] = none */
  readonly genres: readonly number[];
  readonly companies: readonly number[];
  readonly countries: readonly string[];
  readonly languages: readonly string[];
  readonly collection: number;
  readonly status: string;
  /** TMDB names no genre, MovieLens does */
  readonly hasLentGenres: boolean;
  /** the file says 0, which many readers take for a figure */
  readonly hasZeroRevenue: boolean;
}

export interface FoldRating {
  readonly userId: number;
  readonly movieId: number;
  readonly stars: number;
  /** YYYY-MM-DD */
  readonly day: string;
}

type Row = Readonly<Record<string, string>>;

const read = (file: string): Row[] =>
  parse(readFileSync(join(sampleFolder, file)), { columns: true, relax_quotes: true }) as Row[];

const ids = (text: string) => [...text.matchAll(/'id': (\d+)/g)].map(([, id]) => Number(id));
const codes = (text: string, key: string) =>
  [...text.matchAll(new RegExp(`'${key}': '([^']*)'`, 'g'))].map(([, code]) => code!);
const money = (text: string) => (Number(text) >= 1_000 ? Number(text) : null);
const orUnknown = <T>(found: readonly T[], unknown: T): readonly T[] =>
  found.length === 0 ? [unknown] : found;

const links = read('ml-latest-small/links.csv');
export const tmdbOf = new Map(links.map((link) => [Number(link.movieId), Number(link.tmdbId)]));
const movieLens = new Map(read('ml-latest-small/movies.csv').map((movie) => [Number(movie.movieId), movie]));
const wordsOf = new Map(
  [...links]
    .reverse()
    .map((link) => [Number(link.tmdbId), movieLens.get(Number(link.movieId))?.genres ?? '']),
);

const lent = (words: string) => [...new Set(genresOfMovieLens(words).genres.map(({ id }) => id))];

function toFilm(row: Row): FoldFilm {
  const budget = money(row.budget!);
  const revenue = money(row.revenue!);
  const own = ids(row.genres!);
  const borrowed = own.length > 0 ? [] : lent(wordsOf.get(Number(row.id)) ?? '');
  const votes = Number(row.vote_count);
  return {
    tmdbId: Number(row.id),
    title: row.title!,
    date: row.release_date!,
    year: Number(row.release_date!.slice(0, 4)),
    budget,
    revenue,
    profit: budget === null || revenue === null ? null : revenue - budget,
    popularity: Number(row.popularity),
    runtime: Number(row.runtime) || null,
    average: votes === 0 ? null : Number(row.vote_average),
    votes,
    genres: orUnknown(own.length > 0 ? own : borrowed, 0),
    companies: orUnknown([...new Set(ids(row.production_companies!))], 0),
    countries: orUnknown(codes(row.production_countries!, 'iso_3166_1'), '(unknown)'),
    languages: orUnknown(codes(row.spoken_languages!, 'iso_639_1'), '(unknown)'),
    collection: ids(row.belongs_to_collection!)[0] ?? 0,
    status: row.status || '(unknown)',
    hasLentGenres: borrowed.length > 0,
    hasZeroRevenue: Number(row.revenue) === 0,
  };
}

const rows = read('the-movies-dataset/movies_metadata.csv');
/** Every film once. */
export const everyFilm: readonly FoldFilm[] = [
  ...new Map([...rows].reverse().map((row) => [row.id, row])).values(),
].map(toFilm);
/** The universe of the questions: films with a release date. */
export const films = everyFilm.filter(({ date }) => date !== '');
export const filmByTmdb = new Map(everyFilm.map((film) => [film.tmdbId, film]));

export const ratings: readonly FoldRating[] = read('ml-latest-small/ratings.csv').map((row) => ({
  userId: Number(row.userId),
  movieId: Number(row.movieId),
  stars: Number(row.rating),
  day: new Date(Number(row.timestamp) * 1_000).toISOString().slice(0, 10),
}));

/** Genres of a rated film: of TMDB where it has any, else MovieLens's words. */
export function genresOfMovie(movieId: number): readonly number[] {
  const film = filmByTmdb.get(tmdbOf.get(movieId) ?? 0);
  return film ? film.genres : orUnknown(lent(movieLens.get(movieId)?.genres ?? ''), 0);
}

export const prices = (series: string): readonly { readonly month: string; readonly value: number }[] =>
  read(`cpi/${series}.csv`).map((row) => ({ month: row.DATE!.slice(0, 7), value: Number(row[series]) }));

export const sum = (figures: readonly number[]) => figures.reduce((total, figure) => total + figure, 0);
export const mean = (figures: readonly number[]) => sum(figures) / figures.length;
export const known = (figures: readonly (number | null)[]) => figures.filter((figure) => figure !== null);

/** Of an even number the middle between the two in the middle. */
export function median(figures: readonly number[]): number {
  return quantile(figures, 0.5);
}

/** Interpolated between neighbours. */
export function quantile(figures: readonly number[], p: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * p;
  const low = Math.floor(at);
  return sorted[low]! + (at - low) * ((sorted[low + 1] ?? sorted[low]!) - sorted[low]!);
}

/** Of an even number the upper one in the middle. */
export function upperMedian(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]!;
}

export function groupBy<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    for (const key of keysOf(item)) {
      const group = groups.get(key);
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
  }
  return groups;
}
