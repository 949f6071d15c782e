import {
  cleanAverage,
  cleanCount,
  cleanFigure,
  cleanMoney,
  cleanReleaseDate,
  cleanRuntime,
  troubleOf,
} from './field-values.ts';
import type { Trouble } from './findings.ts';
import { type Fields, parseId, type RowOutcome } from './movielens.ts';
import { type PythonValue, parsePythonLiteral } from './python-literal.ts';

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
  readonly repairs: readonly Trouble[];
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

/** A row of `movies_metadata.csv`. Only a row without a usable id is no film; every other fault costs one field. */
export function toFilmFacts(fields: Fields): RowOutcome<RepairedFacts> {
  const tmdbId = parseId(fields.id);
  if (tmdbId === null) return { quarantine: { field: 'id', reason: 'not_an_id' } };
  const text = (name: (typeof METADATA_COLUMNS)[number]) => (fields[name] ?? '').trim();

  const budget = cleanMoney(text('budget'));
  const revenue = cleanMoney(text('revenue'));
  const votes = cleanCount(text('vote_count'));
  const average = cleanAverage(text('vote_average'), votes.value);
  const popularity = cleanFigure(text('popularity'));
  const runtime = cleanRuntime(text('runtime'));
  const release = cleanReleaseDate(text('release_date'));
  const genres = namedList(text('genres'));
  const companies = namedList(text('production_companies'));
  const collection = namedList(text('belongs_to_collection'));
  const countries = codes(text('production_countries'), 'iso_3166_1');
  const languages = codes(text('spoken_languages'), 'iso_639_1');

  return {
    ok: {
      facts: {
        tmdbId,
        imdbId: /^tt\d+$/.test(text('imdb_id')) ? text('imdb_id') : '',
        title: text('title'),
        originalTitle: text('original_title'),
        releaseDate: release.value.date,
        releaseYear: release.value.year,
        budget: budget.value,
        revenue: revenue.value,
        suspectMoney: budget.reason === 'suspect_money' || revenue.reason === 'suspect_money',
        popularity: popularity.value,
        voteAverage: average.value,
        voteCount: votes.value,
        runtimeMinutes: runtime.value,
        originalLanguage: text('original_language'),
        status: text('status'),
        collection: collection.value[0] ?? null,
        countryCodes: countries.value,
        languageCodes: languages.value,
        genres: genres.value,
        companies: companies.value,
      },
      repairs: [
        ...troubleOf('budget', budget),
        ...troubleOf('revenue', revenue),
        ...troubleOf('vote_count', votes),
        ...troubleOf('vote_average', average),
        ...troubleOf('popularity', popularity),
        ...troubleOf('runtime', runtime),
        ...troubleOf('release_date', release),
        ...troubleOf('genres', genres),
        ...troubleOf('production_companies', companies),
        ...troubleOf('belongs_to_collection', collection),
        ...troubleOf('production_countries', countries),
        ...troubleOf('spoken_languages', languages),
      ],
    },
  };
}

interface CleanedList<T> {
  readonly value: readonly T[];
  readonly reason?: string;
}

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
  let bad = false;
  for (const { id: rawId, name } of list) {
    const id = parseId(String(rawId));
    if (id === null || typeof name !== 'string') bad = true;
    else if (!byId.has(id)) byId.set(id, { id, name });
  }
  const trouble = reason ?? (bad ? 'entry_without_id_or_name' : undefined);
  return { value: [...byId.values()], ...(trouble ? { reason: trouble } : {}) };
}

function codes(text: string, key: string): CleanedList<string> {
  const { value: list, reason } = entries(text);
  const found = list.map((entry) => entry[key]).filter((code) => typeof code === 'string');
  return { value: [...new Set(found)], ...(reason ? { reason } : {}) };
}
