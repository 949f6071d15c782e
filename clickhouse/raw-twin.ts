import { RAW_TABLE } from './aggregates.ts';
import { chunkSource, forEachChunk, insertDerived, type RepairContext } from './chunks.ts';
import type { ClickHouse } from './connection.ts';
import type { Slot } from './sink-store.ts';
import { lastOffset } from './standing.ts';

/** What a twin of raw holds of one slot's month. */
export interface RawTwin {
  readonly slot: Slot;
  readonly month: number;
  /** catalogue that gives the ids, 0 = they stay */
  readonly catalogVersion: number;
  /** only offsets below, null = all */
  readonly keepBelow: number | null;
}

/** Columns of raw that come from the catalogue; all others are the log's. */
const FROM_CATALOGUE = ['genre_ids', 'company_ids', 'release_year', 'catalog_version'];
/** Rows that name a film, as `FilmIndex.filmOf` says. */
const ABOUT_FILM = "(r.verdict != 'dead_letter' AND r.kind IN ('RATED', 'UNRATED', 'WATCHED', 'UNWATCHED'))";

/** Appends to a twin of raw what it does not have yet. */
export async function appendToRawTwin(context: RepairContext, twin: RawTwin, table: string): Promise<void> {
  const { clickhouse } = context;
  const { slot, month, catalogVersion, keepBelow } = twin;
  const newest = await lastOffset(clickhouse, RAW_TABLE, slot);
  const upTo = keepBelow === null ? newest : Math.min(newest, keepBelow - 1);
  const after = await lastOffset(clickhouse, table, slot);
  if (upTo <= after) return;
  const columns = await rawColumns(clickhouse);
  const select = catalogVersion > 0 ? rewriteSelect(columns) : copySelect(columns);
  await forEachChunk(context, { rawTable: RAW_TABLE, slot, after, upTo, month }, (chunk) =>
    insertDerived(context, table, columns.join(', '), select, chunk, { catalog_version: catalogVersion }),
  );
}

/**
 * False for a twin that must not be swapped in: it was prepared before raw lost rows or got others in their place, or by a
 * catalogue that was dropped before it was ready, so that films may be missing. Asked after everything was appended.
 */
export async function isSoundTwin(clickhouse: ClickHouse, twin: RawTwin, table: string): Promise<boolean> {
  const { slot, month, catalogVersion, keepBelow } = twin;
  const sumOf = (source: string) =>
    `(SELECT (count(), sum(cityHash64(kafka_offset, skipped_before, value_hash))) FROM ${source}
      WHERE slot = {slot:UInt16} AND toYYYYMM(ingested_at) = {month:UInt32} AND kafka_offset < {below:UInt64})`;
  const [row] = await clickhouse.query<{ sound: number }>(
    `SELECT ${sumOf(RAW_TABLE)} = ${sumOf(table)}
        AND ({version:UInt32} = 0 OR {version:UInt32} IN (SELECT version FROM catalog_movies)) AS sound`,
    { params: { slot, month, below: keepBelow ?? Number.MAX_SAFE_INTEGER, version: catalogVersion } },
  );
  return row?.sound === 1;
}

async function rawColumns(clickhouse: ClickHouse): Promise<string[]> {
  const rows = await clickhouse.query<{ name: string }>(
    `SELECT name FROM system.columns WHERE database = {database:String} AND table = '${RAW_TABLE}' ORDER BY position`,
    { params: { database: clickhouse.database } },
  );
  return rows.map(({ name }) => name);
}

const copySelect = (columns: readonly string[]) =>
  `SELECT ${columns.join(', ')} FROM ${chunkSource(RAW_TABLE)}`;

/** The rule of `FilmIndex.filmOf` and `loadFilmIndex` in SQL; a test compares the two. */
function rewriteSelect(columns: readonly string[]): string {
  const kept = columns.filter((name) => !FROM_CATALOGUE.includes(name)).map((name) => `r.${name} AS ${name}`);
  const ids = (name: string) =>
    `if(${ABOUT_FILM}, if(empty(f.${name}), [toUInt32(0)], f.${name}), []) AS ${name}`;
  return `
    SELECT ${kept.join(', ')}, ${ids('genre_ids')}, ${ids('company_ids')},
           if(${ABOUT_FILM}, f.release_year, 0) AS release_year,
           {catalog_version:UInt32} AS catalog_version
    FROM ${chunkSource(RAW_TABLE)} AS r
    LEFT JOIN
    (
      SELECT movie_id, genre_ids, company_ids, release_year FROM catalog_movies
      WHERE version = {catalog_version:UInt32} AND movie_id > 0
      ORDER BY movie_id, tmdb_id LIMIT 1 BY movie_id
    ) AS f ON f.movie_id = r.movie_id
    SETTINGS join_use_nulls = 0`;
}
