import { basename } from 'node:path';
import type { Sources } from './catalogue.ts';
import { type CpiMonth, toCpiMonth } from './cpi.ts';
import { readCsv } from './csv.ts';
import { type FilmFacts, METADATA_COLUMNS, toFilmFacts } from './film-facts.ts';
import type { Findings, Trouble } from './findings.ts';
import { genresOfMovieLens } from './genres.ts';
import {
  type Fields,
  type Link,
  type MovieLensMovie,
  type RowOutcome,
  toLink,
  toMovieLensMovie,
} from './movielens.ts';
import type { SourceFiles } from './source-files.ts';

const WHOLE_ROW = '';

export type OnRows = (file: string, rows: number) => void;

/** Reads every file; every row ends as loaded, dropped or quarantined in `findings`. */
export async function readSources(files: SourceFiles, findings: Findings, onRows: OnRows): Promise<Sources> {
  const cpi: CpiMonth[] = [];
  for (const file of files.cpi) cpi.push(...(await readCpi(file, findings, onRows)));
  return {
    movieLens: files.movies ? await readMovieLens(files.movies, findings, onRows) : new Map(),
    links: await readLinks(files.links, findings, onRows),
    facts: files.metadata ? await readMetadata(files.metadata, findings, onRows) : new Map(),
    cpi,
  };
}

async function readMovieLens(path: string, findings: Findings, onRows: OnRows) {
  const file = basename(path);
  const byId = new Map<number, MovieLensMovie>();
  for await (const { line, row } of goodRows(
    path,
    ['movieId', 'title', 'genres'],
    toMovieLensMovie,
    findings,
    onRows,
  )) {
    for (const word of genresOfMovieLens(row.genreWords).unknownWords) {
      findings.add(file, 'repaired', { field: 'genres', reason: `unknown_genre ${word}`.slice(0, 60) }, line);
    }
    keepFirst(byId, row.movieId, row, (trouble) => findings.add(file, 'dropped', trouble, line));
  }
  return finished(byId, file, findings);
}

async function readLinks(path: string, findings: Findings, onRows: OnRows) {
  const file = basename(path);
  const byId = new Map<number, Link>();
  for await (const { line, row } of goodRows(
    path,
    ['movieId', 'imdbId', 'tmdbId'],
    toLink,
    findings,
    onRows,
  )) {
    keepFirst(byId, row.movieId, row, (trouble) => findings.add(file, 'dropped', trouble, line));
  }
  return finished(byId, file, findings);
}

/** A film may stand in the metadata twice: of two that differ, the one with more votes is the newer copy. */
async function readMetadata(path: string, findings: Findings, onRows: OnRows) {
  const file = basename(path);
  const byId = new Map<number, FilmFacts>();
  for await (const { line, row } of goodRows(path, METADATA_COLUMNS, toFilmFacts, findings, onRows)) {
    for (const repair of row.repairs) findings.add(file, 'repaired', repair, line);
    const earlier = byId.get(row.facts.tmdbId);
    if (!earlier || row.facts.voteCount >= earlier.voteCount) byId.set(row.facts.tmdbId, row.facts);
    if (earlier) findings.add(file, 'dropped', duplicate('id', earlier, row.facts), line);
  }
  return finished(byId, file, findings);
}

async function readCpi(path: string, findings: Findings, onRows: OnRows): Promise<CpiMonth[]> {
  const file = basename(path);
  const series = file.replace(/\.csv$/i, '');
  const byMonth = new Map<string, CpiMonth>();
  const toMonth = (fields: Fields) => toCpiMonth(series, fields);
  for await (const { line, row } of goodRows(path, [series], toMonth, findings, onRows)) {
    if (!row) findings.add(file, 'dropped', { field: series, reason: 'month_without_figure' }, line);
    else keepFirst(byMonth, row.month, row, (trouble) => findings.add(file, 'dropped', trouble, line));
  }
  return [...finished(byMonth, file, findings).values()];
}

/** Records that could be read; the others are quarantined. */
async function* goodRows<T>(
  path: string,
  columns: readonly string[],
  parse: (fields: Fields) => RowOutcome<T>,
  findings: Findings,
  onRows: OnRows,
): AsyncGenerator<{ line: number; row: T }> {
  const file = basename(path);
  let rows = 0;
  for await (const record of readCsv(path, columns)) {
    rows += 1;
    onRows(file, rows);
    if ('fault' in record) {
      findings.add(file, 'quarantined', { field: WHOLE_ROW, reason: record.fault }, record.line);
      continue;
    }
    const outcome = parse(record.fields);
    if ('ok' in outcome) yield { line: record.line, row: outcome.ok };
    else findings.add(file, 'quarantined', outcome.quarantine, record.line);
  }
  findings.tally(file, 'read', rows);
}

function keepFirst<K, T>(byKey: Map<K, T>, key: K, row: T, onDropped: (trouble: Trouble) => void): void {
  const earlier = byKey.get(key);
  if (earlier === undefined) byKey.set(key, row);
  else onDropped(duplicate(WHOLE_ROW, earlier, row));
}

function duplicate(field: string, earlier: unknown, later: unknown): Trouble {
  const same = JSON.stringify(earlier) === JSON.stringify(later);
  return { field, reason: same ? 'identical_duplicate' : 'conflicting_duplicate' };
}

function finished<K, T>(byKey: Map<K, T>, file: string, findings: Findings): Map<K, T> {
  findings.tally(file, 'loaded', byKey.size);
  return byKey;
}
