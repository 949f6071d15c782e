import { RAW_TABLE } from './aggregates.ts';
import { lastRow } from './applied-offset.ts';
import { chunkSource, forEachChunk, insertDerived, type RepairContext } from './chunks.ts';
import type { Slot } from './sink-store.ts';

export interface Rewrite {
  readonly slot: Slot;
  readonly month: number;
  readonly catalogVersion: number;
}

/** Columns of raw that come from the catalogue; all others are the log's. */
const FROM_CATALOGUE = ['genre_ids', 'company_ids', 'release_year', 'catalog_version'];
/** Kinds that name a film, as `concernsFilm` says. */
const ABOUT_FILM = "(r.verdict != 'dead_letter' AND r.kind IN ('RATED', 'UNRATED', 'WATCHED', 'UNWATCHED'))";

/**
 * Appends to a twin of raw what it does not have yet of the month, with the ids of the given catalogue. The rule is
 * the one of `FilmIndex.filmOf` and `loadFilmIndex`; a test compares the two.
 */
export async function appendRewritten(
  context: RepairContext,
  { slot, month, catalogVersion }: Rewrite,
  twin: string,
): Promise<void> {
  const { clickhouse } = context;
  const upTo = (await lastRow(clickhouse, RAW_TABLE, slot))?.offset ?? -1;
  const after = (await lastRow(clickhouse, twin, slot))?.offset ?? -1;
  if (upTo <= after) return;
  const columns = await rawColumns(context);
  const select = rewriteSelect(columns, catalogVersion);
  await forEachChunk(context, { rawTable: RAW_TABLE, slot, after, upTo, month }, (chunk) =>
    insertDerived(context, twin, columns.join(', '), select, chunk),
  );
}

async function rawColumns({ clickhouse }: RepairContext): Promise<string[]> {
  const rows = await clickhouse.query<{ name: string }>(
    `SELECT name FROM system.columns WHERE database = {database:String} AND table = '${RAW_TABLE}' ORDER BY position`,
    { params: { database: clickhouse.database } },
  );
  return rows.map(({ name }) => name);
}

function rewriteSelect(columns: readonly string[], catalogVersion: number): string {
  const kept = columns.filter((name) => !FROM_CATALOGUE.includes(name)).map((name) => `r.${name} AS ${name}`);
  const ids = (name: string) =>
    `if(${ABOUT_FILM}, if(empty(f.${name}), [toUInt32(0)], f.${name}), []) AS ${name}`;
  return `
    SELECT ${kept.join(', ')}, ${ids('genre_ids')}, ${ids('company_ids')},
           if(${ABOUT_FILM}, f.release_year, 0) AS release_year,
           toUInt32(${catalogVersion}) AS catalog_version
    FROM ${chunkSource(RAW_TABLE)} AS r
    LEFT JOIN
    (
      SELECT movie_id, genre_ids, company_ids, release_year FROM catalog_movies
      WHERE version = ${catalogVersion} AND movie_id > 0
      ORDER BY movie_id, tmdb_id LIMIT 1 BY movie_id
    ) AS f ON f.movie_id = r.movie_id
    SETTINGS join_use_nulls = 0`;
}
