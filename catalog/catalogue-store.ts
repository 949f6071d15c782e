import type { ClickHouse } from '../clickhouse/connection.ts';
import { ReelstreamError, toReelstreamError } from '../core/errors.ts';
import type { Catalogue, VersionCounts } from './catalogue.ts';
import type { CpiCoverage, CpiMonth } from './cpi.ts';
import type { Finding } from './findings.ts';
import type { FileReport, SetAside } from './report.ts';

export interface PublishedVersion extends VersionCounts {
  readonly version: number;
  readonly sources_hash: string;
  /** UTC, `YYYY-MM-DD hh:mm:ss.mmm` */
  readonly loaded_at: string;
}

/** Tables with one partition per version, and the count that publishing compares. */
const TABLES = {
  catalog_movies: 'movies',
  catalog_genres: 'genres',
  catalog_companies: 'companies',
  catalog_links: 'links',
  catalog_cpi: 'cpi_months',
} as const satisfies Record<string, keyof VersionCounts>;
type VersionedTable = keyof typeof TABLES;
const TABLE_NAMES = Object.keys(TABLES) as VersionedTable[];

const DICTIONARIES = ['genre_names', 'company_names', 'movie_titles'] as const;
/** A batch is in memory three times: as rows, as text, and as what the connection has not sent yet. */
const INSERT_ROWS = 4_000;
const CLAIM_ATTEMPTS = 20;
const UNKNOWN_TABLE = 60;

/** The newest complete version, or null before the first load. */
export async function newestVersion(clickhouse: ClickHouse): Promise<PublishedVersion | null> {
  const counts = [...Object.values(TABLES), 'matched', 'quarantined'];
  const sql = `SELECT version, sources_hash, toString(loaded_at) AS loaded_at,
    ${counts.map((name) => `toFloat64(${name}) AS ${name}`).join(', ')}
    FROM catalog_versions ORDER BY version DESC LIMIT 1`;
  try {
    const [row] = await clickhouse.query<PublishedVersion>(sql);
    return row ?? null;
  } catch (thrown) {
    const error = toReelstreamError(thrown);
    if (error.details.number !== UNKNOWN_TABLE) throw error;
    throw new ReelstreamError('clickhouse', 'there are no catalogue tables yet: run `reelstream migrate`', {
      cause: error,
    });
  }
}

/**
 * A version number nobody else works on. Both of two loaders that meet on a number see the other's claim, because each
 * writes before it looks; both step back and try again.
 */
export async function claimVersion(
  clickhouse: ClickHouse,
  loadId: string,
  pause: () => Promise<void>,
): Promise<number> {
  for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
    const [highest] = await clickhouse.query<{ version: number }>(
      `SELECT greatest((SELECT max(version) FROM catalog_versions), (SELECT max(version) FROM catalog_loads)) AS version`,
    );
    const version = (highest?.version ?? 0) + 1;
    await clickhouse.insertRows('catalog_loads', [{ version, load_id: loadId }]);
    const rivals = await clickhouse.query(
      'SELECT 1 FROM catalog_loads WHERE version = {version:UInt32} AND load_id != {loadId:UUID}',
      { params: { version, loadId } },
    );
    if (rivals.length === 0) return version;
    await pause();
  }
  throw new ReelstreamError(
    'unavailable',
    'other catalogue loads keep starting; try again when they are done',
  );
}

/** Writes a catalogue under a version that no reader sees yet. */
export async function stage(clickhouse: ClickHouse, version: number, catalogue: Catalogue): Promise<void> {
  const rows: Record<VersionedTable, readonly object[]> = {
    catalog_movies: catalogue.movies,
    catalog_genres: catalogue.genres.map(({ id, name }) => ({ genre_id: id, name })),
    catalog_companies: catalogue.companies.map(({ id, name }) => ({ company_id: id, name })),
    catalog_links: catalogue.links.map(({ movieId, imdbId, tmdbId }) => ({
      movie_id: movieId,
      imdb_id: imdbId,
      tmdb_id: tmdbId,
    })),
    catalog_cpi: catalogue.cpi,
  };
  for (const table of TABLE_NAMES) {
    for (let at = 0; at < rows[table].length; at += INSERT_ROWS) {
      const chunk = rows[table].slice(at, at + INSERT_ROWS).map((row) => ({ version, ...row }));
      await clickhouse.insertRows(table, chunk);
    }
  }
}

/** What was found in which files; kept for every version. */
export async function writeReport(
  clickhouse: ClickHouse,
  version: number,
  report: {
    readonly findings: readonly Finding[];
    readonly files: readonly FileReport[];
    readonly cpi: readonly CpiCoverage[];
    readonly requestKey: string;
  },
): Promise<void> {
  const under = (rows: readonly object[]) => rows.map((row) => ({ version, ...row }));
  await clickhouse.insertRows('load_reports', under(report.findings));
  const files = report.files.map(({ role, name, address, revision, bytes, sha256, rows }) => ({
    role,
    file_name: name,
    address,
    request_key: report.requestKey,
    revision: revision ?? '',
    bytes,
    sha256,
    rows_read: rows.read,
    rows_loaded: rows.loaded,
    rows_dropped: rows.dropped,
    rows_quarantined: rows.quarantined,
  }));
  await clickhouse.insertRows('catalog_sources', under(files));
  const cpi = report.cpi.map((one) => ({
    series: one.series,
    first_month: one.firstMonth,
    last_month: one.lastMonth,
    months: one.months,
    missing_months: one.missing,
    revised_months: one.revised,
  }));
  await clickhouse.insertRows('catalog_cpi_coverage', under(cpi));
}

/** As the report of a version has it. */
export async function setAsideIn(clickhouse: ClickHouse, version: number): Promise<SetAside> {
  const [found] = await clickhouse.query<SetAside>(
    `SELECT toFloat64(sumIf(r.rows, outcome = 'quarantined')) AS rows, toFloat64(sumIf(r.rows, outcome = 'blanked')) AS fields
     FROM load_reports AS r WHERE version = {version:UInt32}`,
    { params: { version } },
  );
  return found ?? { rows: 0, fields: 0 };
}

/** Price indices of the catalogue in use. */
export async function publishedCpi(clickhouse: ClickHouse): Promise<CpiMonth[]> {
  return clickhouse.query<CpiMonth>('SELECT series, toString(month) AS month, value FROM cpi_monthly');
}

/** What servers said about the copies that the newest version was made from, by address; empty when it was asked for otherwise. */
export async function publishedRevisions(
  clickhouse: ClickHouse,
  requestKey: string,
): Promise<ReadonlyMap<string, string>> {
  const rows = await clickhouse.query<{ address: string; revision: string }>(
    `SELECT DISTINCT address, revision FROM catalog_sources
     WHERE version = (SELECT max(version) FROM catalog_versions)
       AND request_key = {requestKey:String} AND revision != ''`,
    { params: { requestKey } },
  );
  return new Map(rows.map(({ address, revision }) => [address, revision]));
}

/**
 * The switch: one row, written only while every staged row is there and no newer version is out.
 * A client that hears nothing back does not know whether it happened; see `isPublished`.
 */
export async function publish(
  clickhouse: ClickHouse,
  version: number,
  sourcesHash: string,
  counts: VersionCounts,
): Promise<void> {
  const names = Object.keys(counts) as (keyof VersionCounts)[];
  const complete = TABLE_NAMES.map(
    (table) =>
      `throwIf((SELECT count() FROM ${table} WHERE version = {version:UInt32}) != {${TABLES[table]}:UInt64},
        'staged rows of ${table} are missing') = 0`,
  );
  await clickhouse.command(
    `INSERT INTO catalog_versions (version, sources_hash, ${names.join(', ')})
     SELECT {version:UInt32}, {sourcesHash:String}, ${names.map((name) => `{${name}:UInt64}`).join(', ')}
     WHERE ${complete.join(' AND ')}
       AND throwIf((SELECT max(version) FROM catalog_versions) >= {version:UInt32},
         'a newer catalogue was published meanwhile') = 0`,
    { params: { version, sourcesHash, ...counts } },
  );
}

export async function isPublished(clickhouse: ClickHouse, version: number): Promise<boolean> {
  const sql = 'SELECT 1 FROM catalog_versions WHERE version = {version:UInt32} LIMIT 1';
  const found = await clickhouse.query(sql, { params: { version } });
  return found.length > 0;
}

/** Names are read through dictionaries, which hold the old ones until told. */
export async function reloadNames(clickhouse: ClickHouse): Promise<void> {
  for (const name of DICTIONARIES) await clickhouse.command(`SYSTEM RELOAD DICTIONARY ${name}`);
}

/** Drops what readers can no longer ask for; the version before `current` stays for queries that are under way. */
export async function dropVersionsBelow(clickhouse: ClickHouse, current: number): Promise<void> {
  const found = await clickhouse.query<{ table: VersionedTable; partition: string }>(
    `SELECT DISTINCT table, partition FROM system.parts
     WHERE database = currentDatabase() AND active AND table IN ({tables:Array(String)})
       AND toUInt32(partition) < {current:UInt32}
       AND toUInt32(partition) != (SELECT max(version) FROM catalog_versions WHERE version < {current:UInt32})`,
    { params: { tables: TABLE_NAMES, current } },
  );
  for (const { table, partition } of found) {
    await clickhouse.command(`ALTER TABLE ${table} DROP PARTITION ${Number(partition)}`);
  }
}

/** Removes what a failed load has staged. */
export async function discard(clickhouse: ClickHouse, version: number): Promise<void> {
  for (const table of TABLE_NAMES) await clickhouse.command(`ALTER TABLE ${table} DROP PARTITION ${version}`);
}
