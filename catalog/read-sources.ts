import { ReelstreamError } from '../core/errors.ts';
import type { Sources } from './catalogue.ts';
import { hashingReader } from './content-hash.ts';
import { CPI_LAYOUT, type CpiMonth, toCpiMonths } from './cpi.ts';
import { type CsvLayout, type Fields, needs, readCsv } from './csv.ts';
import { MIN_CREDIBLE_DOLLARS } from './field-values.ts';
import {
  createListReader,
  type FilmFacts,
  METADATA_COLUMNS,
  METADATA_SPLIT_COLUMNS,
  METADATA_WANTED_COLUMNS,
  toFilmFacts,
} from './film-facts.ts';
import type { Findings, Trouble } from './findings.ts';
import {
  LINK_COLUMNS,
  type Link,
  MOVIELENS_COLUMNS,
  type MovieLensMovie,
  toLink,
  toMovieLensMovie,
} from './movielens.ts';
import type { RowOutcome } from './rows.ts';
import type { CatalogueFile } from './source-files.ts';

const WHOLE_ROW = '';

export interface ReadOptions {
  readonly findings: Findings;
  readonly minCredibleDollars?: number;
  readonly onProgress?: (file: CatalogueFile, rows: number, bytes: number) => void;
  /** of what was read, file by file */
  readonly onHash?: (file: CatalogueFile, sha256: string) => void;
}

/** Reads every file; every row ends as loaded, dropped or quarantined in `findings`. */
export async function readSources(files: readonly CatalogueFile[], options: ReadOptions): Promise<Sources> {
  const movieLens = keyed<MovieLensMovie>();
  const links = keyed<Link>();
  const facts = keyed<FilmFacts>();
  const cpi = keyed<CpiMonth, string>();
  const seriesOwner = new Map<string, CatalogueFile>();
  for (const one of files) {
    switch (one.role) {
      case 'movies':
        await readMovieLens(one, movieLens, options);
        break;
      case 'links':
        await readLinks(one, links, options);
        break;
      case 'metadata':
        await readMetadata(one, facts, options);
        break;
      case 'cpi':
        await readCpi(one, cpi, seriesOwner, options);
    }
  }
  return {
    movieLens: movieLens.rows,
    links: links.rows,
    facts: facts.rows,
    cpi: [...cpi.rows.values()],
    lines: { movies: movieLens.lines, links: links.lines, metadata: facts.lines },
  };
}

interface Keyed<T, K = number> {
  readonly rows: Map<K, T>;
  readonly lines: Map<K, number>;
}

function keyed<T, K = number>(): Keyed<T, K> {
  return { rows: new Map(), lines: new Map() };
}

async function readMovieLens(file: CatalogueFile, into: Keyed<MovieLensMovie>, options: ReadOptions) {
  const layout = needs(MOVIELENS_COLUMNS, ['title']);
  for await (const { line, row } of goodRows(file, layout, toMovieLensMovie, options)) {
    for (const { outcome, trouble } of row.remarks)
      options.findings.add({ file: file.name, outcome, line }, trouble);
    keepFirst(into, row.movie.movieId, row.movie, line, file, options.findings);
  }
}

async function readLinks(file: CatalogueFile, into: Keyed<Link>, options: ReadOptions) {
  for await (const { line, row } of goodRows(file, needs(LINK_COLUMNS), toLink, options)) {
    keepFirst(into, row.movieId, row, line, file, options.findings);
  }
}

/** A film may stand in the metadata twice: of two that differ, the one with more votes is the newer copy, then the later row. */
async function readMetadata(file: CatalogueFile, into: Keyed<FilmFacts>, options: ReadOptions) {
  const { findings, minCredibleDollars = MIN_CREDIBLE_DOLLARS } = options;
  const lists = createListReader();
  const parse = (fields: Fields) => toFilmFacts(fields, minCredibleDollars, lists);
  const layout = needs(METADATA_COLUMNS, METADATA_SPLIT_COLUMNS, METADATA_WANTED_COLUMNS);
  for await (const { line, row } of goodRows(file, layout, parse, options)) {
    for (const { outcome, trouble } of row.remarks) findings.add({ file: file.name, outcome, line }, trouble);
    const { facts } = row;
    const earlier = into.rows.get(facts.tmdbId);
    if (!earlier) {
      put(into, facts.tmdbId, facts, line);
      findings.tally(file.name, 'loaded', 1);
      continue;
    }
    const earlierLine = into.lines.get(facts.tmdbId) ?? 0;
    const laterWins = facts.voteCount >= earlier.voteCount;
    if (laterWins) put(into, facts.tmdbId, facts, line);
    const votes = `${earlier.voteCount} votes in line ${earlierLine}, ${facts.voteCount} in line ${line}`;
    const detail = `film ${facts.tmdbId}: ${votes}; line ${laterWins ? line : earlierLine} is kept`;
    const at = { file: file.name, outcome: 'dropped' as const, line: laterWins ? earlierLine : line };
    findings.add(at, { ...duplicate('id', earlier, facts), detail });
  }
}

/** A series counts from the first file that has it: what is given by hand comes before what lies in the source. */
async function readCpi(
  file: CatalogueFile,
  into: Keyed<CpiMonth, string>,
  owner: Map<string, CatalogueFile>,
  options: ReadOptions,
) {
  const { findings } = options;
  for await (const { line, row } of goodRows(file, CPI_LAYOUT, toCpiMonths, options)) {
    const drop = (reason: string) =>
      findings.add({ file: file.name, outcome: 'dropped', line }, { field: WHOLE_ROW, reason });
    if (row.length === 0) {
      drop('month_without_figure');
      continue;
    }
    const own = row.filter(({ series }) => (owner.get(series) ?? file) === file);
    const fresh = own.filter(({ series, month }) => !into.rows.has(`${series} ${month}`));
    for (const one of fresh) {
      owner.set(one.series, file);
      put(into, `${one.series} ${one.month}`, one, line);
    }
    if (fresh.length > 0) findings.tally(file.name, 'loaded', 1);
    else if (own.length === 0) drop('series_of_an_earlier_file');
    else
      drop(
        own.every((one) => into.rows.get(`${one.series} ${one.month}`)?.value === one.value)
          ? IDENTICAL
          : CONFLICTING,
      );
  }
}

/** Rows that could be read; the others are quarantined with their text. */
async function* goodRows<T>(
  file: CatalogueFile,
  layout: CsvLayout,
  parse: (fields: Fields) => RowOutcome<T>,
  { findings, onProgress, onHash }: ReadOptions,
): AsyncGenerator<{ line: number; row: T }> {
  const { name } = file;
  const reader = hashingReader(await file.file.open());
  let rows = 0;
  let bytes = 0;
  async function* counted() {
    for await (const chunk of reader.chunks) {
      bytes += chunk.byteLength;
      onProgress?.(file, rows, bytes);
      yield chunk;
    }
  }
  findings.tally(name, 'read', 0);
  for await (const record of readCsv(name, counted(), layout)) {
    const { line, bytes: text } = record;
    const lines = 'joined' in record ? [line, ...record.joined] : [line];
    rows += lines.length;
    findings.tally(name, 'read', lines.length);
    const outcome: RowOutcome<T> =
      'fault' in record ? { quarantine: { field: WHOLE_ROW, reason: record.fault } } : parse(record.fields);
    if ('quarantine' in outcome) {
      findings.add({ file: name, outcome: 'quarantined', line, bytes: text }, outcome.quarantine);
    } else {
      if (lines.length > 1)
        findings.add({ file: name, outcome: 'repaired', line }, { field: WHOLE_ROW, reason: 'stitched' });
      yield { line, row: outcome.ok };
    }
    for (const tail of lines.slice(1)) {
      const detail = `belongs to the record of line ${line}`;
      findings.add(
        { file: name, outcome: 'dropped', line: tail },
        { field: WHOLE_ROW, reason: 'tail_of_stitched', detail },
      );
    }
  }
  // what wrote the file died after its first line: taken as it is, it would empty the catalogue
  if (rows === 0)
    throw new ReelstreamError('bad_data', `${name} holds a header and no rows`, { details: { file: name } });
  onProgress?.(file, rows, bytes);
  onHash?.(file, reader.result().sha256);
}

const IDENTICAL = 'identical_duplicate';
const CONFLICTING = 'conflicting_duplicate';

function keepFirst<T>(
  into: Keyed<T>,
  key: number,
  row: T,
  line: number,
  file: CatalogueFile,
  findings: Findings,
): void {
  const earlier = into.rows.get(key);
  if (earlier === undefined) {
    put(into, key, row, line);
    findings.tally(file.name, 'loaded', 1);
    return;
  }
  const detail = `line ${into.lines.get(key)} is kept`;
  findings.add(
    { file: file.name, outcome: 'dropped', line },
    { ...duplicate(WHOLE_ROW, earlier, row), detail },
  );
}

function put<T, K>(into: Keyed<T, K>, key: K, row: T, line: number): void {
  into.rows.set(key, row);
  into.lines.set(key, line);
}

function duplicate(field: string, earlier: unknown, later: unknown): Trouble {
  const same = JSON.stringify(earlier) === JSON.stringify(later);
  return { field, reason: same ? IDENTICAL : CONFLICTING };
}
