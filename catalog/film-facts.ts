import type { Fields } from './csv.ts';
import {
  type Cleaned,
  cleanAverage,
  cleanCount,
  cleanFigure,
  cleanMoney,
  cleanReleaseDate,
  cleanRuntime,
  cleanText,
  MIN_CREDIBLE_DOLLARS,
} from './field-values.ts';
import { type PythonValue, parsePythonLiteral } from './python-literal.ts';
import { type FieldRemark, parseId, type RowOutcome, remarksOn } from './rows.ts';

export interface Named {
  readonly id: number;
  readonly name: string;
}

/** What the metadata file says about one film, repaired. */
export interface FilmFacts {
  readonly tmdbId: number;
  readonly imdbId: string;
  readonly title: string;
  readonly originalTitle: string;
  /** a few sentences; '' where there are none */
  readonly overview: string;
  readonly releaseDate: string | null;
  readonly releaseYear: number;
  readonly budget: number | null;
  readonly revenue: number | null;
  readonly suspectMoney: boolean;
  readonly popularity: number | null;
  readonly voteAverage: number | null;
  readonly voteCount: number;
  readonly runtimeMinutes: number | null;
  readonly originalLanguage: string;
  readonly status: string;
  readonly collection: Named | null;
  readonly countryCodes: readonly string[];
  readonly languageCodes: readonly string[];
  readonly genres: readonly Named[];
  readonly companies: readonly Named[];
}

export interface RepairedFacts {
  readonly facts: FilmFacts;
  readonly remarks: readonly FieldRemark[];
}

export const METADATA_COLUMNS = [
  'belongs_to_collection',
  'budget',
  'genres',
  'id',
  'imdb_id',
  'original_language',
  'original_title',
  'popularity',
  'production_companies',
  'production_countries',
  'release_date',
  'revenue',
  'runtime',
  'spoken_languages',
  'status',
  'title',
  'vote_average',
  'vote_count',
] as const;
type MetadataColumn = (typeof METADATA_COLUMNS)[number];

/** Files without it are as good for every figure. */
export const METADATA_WANTED_COLUMNS = ['overview'] as const;

/** Free text, in which three records of the published file are broken by a line end. */
export const METADATA_SPLIT_COLUMNS = ['overview', 'tagline', 'title', 'original_title'] as const;

/** Reads lists of which films have few different ones: each text is parsed once, and films share the result. */
export interface ListReader {
  readonly genres: (text: string) => CleanedList<Named>;
  readonly countryCodes: (text: string) => CleanedList<string>;
  readonly languageCodes: (text: string) => CleanedList<string>;
}

export function createListReader(): ListReader {
  return {
    genres: remembered(namedList),
    countryCodes: remembered((text) => codes(text, 'iso_3166_1')),
    languageCodes: remembered((text) => codes(text, 'iso_639_1')),
  };
}

/** More different texts than honest films have are not kept: memory has a bound. */
const MAX_REMEMBERED = 10_000;

function remembered<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const result = read(text);
    if (known.size < MAX_REMEMBERED) known.set(text, result);
    return result;
  };
}

/** A row of `movies_metadata.csv`. Only a row without a usable id is no film; every other fault costs one field. */
export function toFilmFacts(
  fields: Fields,
  minCredibleDollars: number = MIN_CREDIBLE_DOLLARS,
  lists: ListReader = createListReader(),
): RowOutcome<RepairedFacts> {
  const tmdbId = parseId(fields.id);
  if (tmdbId === null) return { quarantine: { field: 'id', reason: 'not_an_id' } };
  const remarks: FieldRemark[] = [];
  const raw = (name: MetadataColumn) => (fields[name] ?? '').trim();
  const taken = <T>(field: MetadataColumn, cleaned: Cleaned<T>): T => {
    remarks.push(...remarksOn(field, cleaned, raw(field)));
    return cleaned.value;
  };
  const text = (name: MetadataColumn) => taken(name, cleanText(raw(name)));

  const budget = cleanMoney(raw('budget'), minCredibleDollars);
  const revenue = cleanMoney(raw('revenue'), minCredibleDollars);
  const votes = taken('vote_count', cleanCount(raw('vote_count')));
  const release = taken('release_date', cleanReleaseDate(raw('release_date')));
  const facts: FilmFacts = {
    tmdbId,
    imdbId: /^tt\d+$/.test(raw('imdb_id')) ? raw('imdb_id') : '',
    title: text('title'),
    originalTitle: text('original_title'),
    overview: overviewOf(fields.overview ?? ''),
    releaseDate: release.date,
    releaseYear: release.year,
    budget: taken('budget', budget),
    revenue: taken('revenue', revenue),
    suspectMoney: budget.reason === 'suspect_money' || revenue.reason === 'suspect_money',
    popularity: taken('popularity', cleanFigure(raw('popularity'))),
    voteAverage: taken('vote_average', cleanAverage(raw('vote_average'), votes)),
    voteCount: votes,
    runtimeMinutes: taken('runtime', cleanRuntime(raw('runtime'))),
    originalLanguage: text('original_language'),
    status: text('status'),
    collection: taken('belongs_to_collection', namedList(raw('belongs_to_collection')))[0] ?? null,
    countryCodes: taken('production_countries', lists.countryCodes(raw('production_countries'))),
    languageCodes: taken('spoken_languages', lists.languageCodes(raw('spoken_languages'))),
    genres: taken('genres', lists.genres(raw('genres'))),
    companies: taken('production_companies', namedList(raw('production_companies'))),
  };
  return { ok: { facts, remarks: [...remarks, ...notesOn(facts)] } };
}

/** What stands in the published file where nobody wrote anything. */
const NO_OVERVIEW = /^no overview( found)?\.?$/i;

/** Prose of several lines becomes one: no figure rests on it, so nothing is remarked. */
function overviewOf(text: string): string {
  const { value } = cleanText(text);
  return NO_OVERVIEW.test(value) ? '' : value;
}

/** What a reader of the figures should know about and nobody can repair. */
function notesOn(facts: FilmFacts): FieldRemark[] {
  const notes: [boolean, MetadataColumn, string][] = [
    [facts.genres.length === 0, 'genres', 'none'],
    [facts.companies.length === 0, 'production_companies', 'none'],
    [facts.releaseDate?.endsWith('-01-01') === true, 'release_date', 'first_of_january'],
    [facts.status !== 'Released', 'status', 'not_released'],
    [facts.voteAverage === 0, 'vote_average', 'zero_with_votes'],
  ];
  return notes.flatMap(([is, field, reason]) =>
    is ? [{ outcome: 'noted' as const, trouble: { field, reason } }] : [],
  );
}

type CleanedList<T> = Cleaned<readonly T[]>;

/** A list of dictionaries, or a single one, as Python wrote it; '' is an empty list. */
function entries(text: string): CleanedList<{ readonly [key: string]: PythonValue }> {
  if (text === '') return { value: [] };
  const parsed = parsePythonLiteral(text);
  if (!parsed.ok) return { value: [], reason: 'not_a_literal' };
  const list = Array.isArray(parsed.value) ? parsed.value : [parsed.value];
  const value = list.filter(isDictionary);
  return value.length === list.length ? { value } : { value, reason: 'not_a_list_of_entries' };
}

function isDictionary(value: PythonValue): value is { readonly [key: string]: PythonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Entries with an id and a name, each id once. */
function namedList(text: string): CleanedList<Named> {
  const { value: list, reason } = entries(text);
  const byId = new Map<number, Named>();
  let flaw: string | undefined;
  for (const { id: rawId, name } of list) {
    const id = parseId(String(rawId));
    const cleaned = typeof name === 'string' ? cleanText(name) : undefined;
    if (id === null || !cleaned || cleaned.value === '') flaw = 'entry_without_id_or_name';
    else if (!byId.has(id)) byId.set(id, { id, name: cleaned.value });
    flaw ??= cleaned?.reason;
  }
  const trouble = reason ?? flaw;
  return { value: [...byId.values()], ...(trouble ? { reason: trouble } : {}) };
}

function codes(text: string, key: string): CleanedList<string> {
  const { value: list, reason } = entries(text);
  const found = list.map((entry) => entry[key]).filter((code) => typeof code === 'string');
  return { value: [...new Set(found)], ...(reason ? { reason } : {}) };
}
