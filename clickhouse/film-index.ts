import { concernsFilm } from '../core/rating-event.ts';
import type { Judgement } from '../core/verdict.ts';
import type { ClickHouse } from './connection.ts';
import { encodeUInt32Array } from './row-binary.ts';

/** What a row of `events_raw` says about its film, and the same as RowBinary. */
export interface Film {
  readonly genreIds: readonly number[];
  readonly companyIds: readonly number[];
  /** 0 = not known */
  readonly releaseYear: number;
  /** rows that the widest view makes of one rating of this film */
  readonly fanOut: number;
  /** genre_ids, company_ids, release_year, catalog_version */
  readonly encoded: Uint8Array;
}

/** The films of one catalogue version, for stamping rows. */
export interface FilmIndex {
  /** 0 = no catalogue */
  readonly version: number;
  readonly size: number;
  /** a film that the catalogue does not know has genre 0 and company 0, so that its ratings still count somewhere */
  film(movieId: number): Film;
  /** what the row of this judgement carries: events without a film, and bytes that could not be read, carry none */
  filmOf(judgement: Judgement): Film;
}

export interface FilmFacts {
  readonly movieId: number;
  readonly genreIds: readonly number[];
  readonly companyIds: readonly number[];
  readonly releaseYear: number;
}

/** Id of the genre and of the company that stand for "not known". */
const UNKNOWN_IDS: readonly number[] = [0];

export function createFilmIndex(version: number, facts: Iterable<FilmFacts>): FilmIndex {
  const films = new Map<number, Film>();
  for (const one of facts) {
    const known = createFilm(orUnknown(one.genreIds), orUnknown(one.companyIds), one.releaseYear, version);
    films.set(one.movieId, known);
  }
  const unknown = createFilm(UNKNOWN_IDS, UNKNOWN_IDS, 0, version);
  const none = createFilm([], [], 0, version);
  const film = (movieId: number) => films.get(movieId) ?? unknown;
  return {
    version,
    size: films.size,
    film,
    filmOf: ({ verdict, event }) =>
      event !== null && verdict.kind !== 'dead_letter' && concernsFilm(event.kind)
        ? film(event.movieId)
        : none,
  };
}

/** Newest complete catalogue version, 0 while none is loaded. */
export async function latestCatalogVersion(clickhouse: ClickHouse): Promise<number> {
  const [row] = await clickhouse.query<{ version: number }>(
    'SELECT max(version) AS version FROM catalog_versions',
  );
  return row?.version ?? 0;
}

/** Reads the films of a version. The same rule as in raw-twin.ts: one row per MovieLens id. */
export async function loadFilmIndex(clickhouse: ClickHouse, version: number): Promise<FilmIndex> {
  const rows = await clickhouse.query<FilmFacts>(
    `SELECT movie_id AS movieId, genre_ids AS genreIds, company_ids AS companyIds, release_year AS releaseYear
     FROM catalog_movies WHERE version = {version:UInt32} AND movie_id > 0
     ORDER BY movie_id, tmdb_id LIMIT 1 BY movie_id`,
    { params: { version } },
  );
  return createFilmIndex(version, rows);
}

const orUnknown = (ids: readonly number[]) => (ids.length === 0 ? UNKNOWN_IDS : ids);

function createFilm(
  genreIds: readonly number[],
  companyIds: readonly number[],
  releaseYear: number,
  version: number,
): Film {
  const encoded = Buffer.concat([
    encodeUInt32Array(genreIds),
    encodeUInt32Array(companyIds),
    Buffer.alloc(6),
  ]);
  encoded.writeUInt16LE(releaseYear, encoded.length - 6);
  encoded.writeUInt32LE(version, encoded.length - 4);
  return { genreIds, companyIds, releaseYear, fanOut: genreIds.length + companyIds.length + 1, encoded };
}
