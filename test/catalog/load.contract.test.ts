import { appendFileSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimVersion, newestVersion } from '../../catalog/catalogue-store.ts';
import { type LoadResult, loadCatalogue } from '../../catalog/load.ts';
import { folderSource } from '../../catalog/sources/folder.ts';
import { type OpenOptions, openSource } from '../../catalog/sources/open.ts';
import type { S3Options } from '../../catalog/sources/s3.ts';
import { catalogueRequest } from '../../cli/catalog/requests.ts';
import { createLook } from '../../cli/catalog/watch-service.ts';
import { type ClickHouse, connectClickHouse } from '../../clickhouse/connection.ts';
import { migrate, readMigrations } from '../../clickhouse/migrate.ts';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import { noEnvFile, projectRoot } from '../../runtime/environment.ts';
import { readSettings } from '../../runtime/settings.ts';
import { startTestClickHouse, type TestClickHouse } from '../helpers/clickhouse-server.ts';
import { cutSample, TABLES, tableContents } from './cut-sample.ts';
import {
  type FileServer,
  S3_CREDENTIALS,
  startFileServer,
  startS3,
  type TestS3,
  zipFolder,
} from './file-servers.ts';

const sample = join(projectRoot, 'data');

let server: TestClickHouse;
let clickhouse: ClickHouse;
let folder: string;
let databases = 0;

beforeAll(async () => {
  server = await startTestClickHouse();
  folder = mkdtempSync(join(tmpdir(), 'reelstream-catalogue-'));
});
afterAll(async () => {
  await clickhouse?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const newDatabase = async () => {
  await clickhouse?.close();
  clickhouse = connectClickHouse({ url: server.url, database: `catalogue_${databases++}` });
  const own = readMigrations(join(projectRoot, 'clickhouse/ddl')).filter(({ name }) =>
    ['001', '005', '010', '020', '021'].includes(name.slice(0, 3)),
  );
  await migrate(clickhouse, own);
};

const useSpoilableSample = () =>
  beforeEach(async () => {
    await newDatabase();
    rmSync(folder, { recursive: true, force: true });
    cutSample(folder);
  });

const load = async (through: ClickHouse = clickhouse, from = folder) =>
  loadCatalogue(await folderSource(from), {
    clickhouse: through,
    clock: systemClock,
    logger: silentLogger,
  });

async function one<T = number>(sql: string): Promise<T> {
  const [row] = await clickhouse.query<{ x: T }>(sql);
  return row!.x;
}

const rowsByVersion = async () => {
  const found: Record<string, number[]> = {};
  for (const table of TABLES) {
    const rows = await clickhouse.query<{ version: number }>(
      `SELECT DISTINCT version FROM ${table} ORDER BY version`,
    );
    found[table] = rows.map(({ version }) => version);
  }
  return found;
};
const everyTableHas = (versions: number[]) => Object.fromEntries(TABLES.map((table) => [table, versions]));

describe('loading the sample', () => {
  let result: LoadResult;
  beforeAll(async () => {
    await newDatabase();
    result = await load(clickhouse, sample);
  });

  it('is what the views show', async () => {
    expect(result).toMatchObject({
      status: 'loaded',
      version: 1,
      counts: { movies: 10_387, matched: 2_350, links: 9_742, cpi_months: 1_108, quarantined: 0 },
    });
    expect(await one('SELECT toInt32(count()) AS x FROM movies')).toBe(10_387);
    expect(await one('SELECT toInt32(count()) AS x FROM films')).toBe(2_995);
    expect(await one('SELECT toInt32(uniqExact(movie_id)) AS x FROM movies WHERE movie_id > 0')).toBe(9_742);
    expect(await one('SELECT toInt32(count()) AS x FROM genres')).toBe(22);
    expect(await one('SELECT toInt32(count()) AS x FROM links WHERE tmdb_id = 0')).toBe(8);
    expect(await one("SELECT toInt32(count()) AS x FROM cpi_monthly WHERE series = 'CUSR0000SS62031'")).toBe(
      280,
    );
    expect(await one('SELECT toInt32(countIf(budget > 0 AND revenue > 0)) AS x FROM films')).toBe(1_123);
    expect(await one('SELECT toInt32(countIf(toYear(release_date) < 1970)) AS x FROM films')).toBe(404);
    expect(await one('SELECT toString(min(release_date)) AS x FROM films')).toBe('1919-10-03');
    expect(await one("SELECT toInt32(sum(rows)) AS x FROM load_reports WHERE outcome = 'read'")).toBe(23_588);
  });

  it('joins names without losing a film', async () => {
    const sql = (relation: string, dictionary: string, id: string) =>
      `SELECT groupArray(n) AS x FROM (SELECT dictGet('${dictionary}', 'name', toUInt64(${id})) AS n
       FROM ${relation} WHERE movie_id = 1 ORDER BY position)`;
    expect(await one(sql('movie_genres', 'genre_names', 'genre_id'))).toEqual([
      'Animation',
      'Comedy',
      'Family',
    ]);
    expect(await one(sql('movie_companies', 'company_names', 'company_id'))).toEqual([
      'Pixar Animation Studios',
    ]);
    for (const relation of ['movie_genres', 'movie_companies']) {
      expect(await one(`SELECT toInt32(uniqExact(movie_id, tmdb_id)) AS x FROM ${relation}`)).toBe(10_387);
    }
    expect(await one("SELECT dictGet('company_names', 'name', toUInt64(0)) AS x")).toBe('(unknown)');
    expect(await one("SELECT dictGet('movie_titles', 'title', toUInt64(318)) AS x")).toBe(
      'The Shawshank Redemption',
    );
    expect(await one("SELECT dictGet('movie_titles', 'title', toUInt64(0)) AS x")).toBe('(unknown)');
    expect(await one("SELECT dictGet('genre_names', 'name', toUInt64(60001)) AS x")).toBe('Film-Noir');
  });

  it('does nothing for the same files', async () => {
    const again = await load(clickhouse, sample);
    expect(again).toMatchObject({ status: 'unchanged', version: 1, counts: result.counts });
    expect(await one('SELECT toInt32(count()) AS x FROM catalog_versions')).toBe(1);
  });
});

describe('a changed file', () => {
  useSpoilableSample();
  const links = () => join(folder, 'ml-latest-small/links.csv');

  it('is the next version, in names too; the version before stays and older ones go', async () => {
    await load();
    expect(await one("SELECT dictGet('movie_titles', 'title', toUInt64(999999)) AS x")).toBe('(unknown)');
    appendFileSync(join(folder, 'ml-latest-small/movies.csv'), '999999,New Film (2024),Drama\n');
    expect(await load()).toMatchObject({ status: 'loaded', version: 2, counts: { movies: 111 } });
    expect(await one("SELECT dictGet('movie_titles', 'title', toUInt64(999999)) AS x")).toBe('New Film');
    expect(await rowsByVersion()).toEqual(everyTableHas([1, 2]));
    appendFileSync(links(), '999999,1234567,\n');
    await load();
    expect(await rowsByVersion()).toEqual(everyTableHas([2, 3]));
    expect(await one('SELECT imdb_id AS x FROM movies WHERE movie_id = 999999')).toBe('tt1234567');
  });

  it('loads around rows that cannot be used and says where they are', async () => {
    appendFileSync(links(), 'x,1,2\n5,6\n1,0114709,862\n1,0114709,999\n');
    const { counts, findings } = await load();
    expect(counts.quarantined).toBe(2);
    expect(findings).toContainEqual({
      file: 'links.csv',
      outcome: 'quarantined',
      field: 'movieId',
      reason: 'not_an_id',
      rows: 1,
      lines: [102],
    });
    const reported = await clickhouse.query(
      `SELECT outcome, field, reason, toInt32(rows) AS rows, lines FROM load_reports
       WHERE file = 'links.csv' AND outcome IN ('quarantined', 'dropped') ORDER BY reason`,
    );
    expect(reported).toEqual([
      { outcome: 'quarantined', field: '', reason: 'column_count', rows: 1, lines: [103] },
      { outcome: 'dropped', field: '', reason: 'conflicting_duplicate', rows: 1, lines: [105] },
      { outcome: 'dropped', field: '', reason: 'identical_duplicate', rows: 1, lines: [104] },
      { outcome: 'quarantined', field: 'movieId', reason: 'not_an_id', rows: 1, lines: [102] },
    ]);
  });
});

describe('a load that fails', () => {
  useSpoilableSample();

  /** The real connection, with one call that breaks. */
  const breaking = (method: 'insertRows' | 'command', when: (sql: string) => boolean): ClickHouse => ({
    ...clickhouse,
    [method]: async (sql: string, ...rest: never[]) => {
      if (when(sql)) throw new ReelstreamError('unavailable', 'planted');
      return (clickhouse[method] as (...given: unknown[]) => Promise<void>)(sql, ...rest);
    },
  });

  it.each([
    ['while it stages', 'insertRows', 'catalog_links'],
    ['while it reports', 'insertRows', 'load_reports'],
  ] as const)('%s changes nothing and leaves nothing', async (_, method, table) => {
    await load();
    appendFileSync(join(folder, 'ml-latest-small/movies.csv'), '999999,New Film (2024),Drama\n');
    await expect(load(breaking(method, (sql) => sql === table))).rejects.toThrow('planted');
    expect(await one('SELECT toInt32(count()) AS x FROM movies')).toBe(110);
    expect(await rowsByVersion()).toEqual(everyTableHas([1]));
    expect(await load()).toMatchObject({ status: 'loaded', version: 3 });
  });

  it('at the switch changes nothing, and the next load clears what it staged', async () => {
    await load();
    appendFileSync(join(folder, 'ml-latest-small/movies.csv'), '999999,New Film (2024),Drama\n');
    const cut = breaking('command', (sql) => sql.startsWith('INSERT INTO catalog_versions'));
    await expect(load(cut)).rejects.toThrow('planted');
    expect(await one('SELECT toInt32(count()) AS x FROM movies')).toBe(110);
    expect(await load()).toMatchObject({ status: 'loaded', version: 3 });
    expect(await rowsByVersion()).toEqual(everyTableHas([1, 3]));
  });

  it('is not switched to when staged rows are missing', async () => {
    const lossy: ClickHouse = {
      ...clickhouse,
      insertRows: (table, rows, options) =>
        clickhouse.insertRows(table, table === 'catalog_genres' ? rows.slice(1) : rows, options),
    };
    await expect(load(lossy)).rejects.toThrow(/staged rows of catalog_genres are missing/);
    expect(await newestVersion(clickhouse)).toBeNull();
  });
});

describe('loads at the same time', () => {
  useSpoilableSample();

  it('never work on the same version', async () => {
    const ids = Array.from({ length: 8 }, (_, i) => `00000000-0000-4000-8000-00000000000${i}`);
    const versions = await Promise.all(
      ids.map((id, i) => claimVersion(clickhouse, id, () => systemClock.sleep(20 * (i + 1)))),
    );
    expect(new Set(versions).size).toBe(ids.length);
  });

  it('end with one whole catalogue', async () => {
    const other = mkdtempSync(join(tmpdir(), 'reelstream-rival-'));
    cpSync(folder, other, { recursive: true });
    appendFileSync(join(other, 'ml-latest-small/movies.csv'), '999999,New Film (2024),Drama\n');
    const rival = load(clickhouse, other);
    const outcomes = await Promise.allSettled([load(), rival]);
    rmSync(other, { recursive: true });
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
    const newest = await newestVersion(clickhouse);
    expect(await one('SELECT toInt32(count()) AS x FROM movies')).toBe(newest?.movies);
  });
});

describe('without tables', () => {
  useSpoilableSample();

  it('says what to do', async () => {
    await clickhouse.command('DROP TABLE catalog_versions');
    await expect(load()).rejects.toMatchObject({ message: expect.stringContaining('reelstream migrate') });
  });
});

describe('the same files elsewhere', () => {
  let files: FileServer;
  let s3: TestS3;
  let archive: string;
  let scratchFolder: string;

  useSpoilableSample();
  beforeAll(async () => {
    scratchFolder = mkdtempSync(join(tmpdir(), 'reelstream-scratch-'));
    archive = join(scratchFolder, 'films.zip');
    files = await startFileServer((path) => (path === '/films.zip' && existsSync(archive) ? archive : null));
    s3 = await startS3();
  });
  afterAll(async () => {
    await files?.close();
    await s3?.close();
    rmSync(scratchFolder, { recursive: true, force: true });
  });
  const pack = async () => {
    await zipFolder(folder, archive, 'films');
    await s3.put('in/films.zip', readFileSync(archive));
  };

  const options = (s3Options: Partial<S3Options> = {}): OpenOptions => ({
    budget: { maxDownloadBytes: 10_000_000, maxUnpackedBytes: 100_000_000 },
    s3: {
      endpoint: s3.endpoint,
      region: 'us-east-1',
      anonymous: false,
      pathStyle: true,
      ...S3_CREDENTIALS,
      ...s3Options,
    },
    scratchFolder: join(scratchFolder, 'fetched'),
    clock: systemClock,
    logger: silentLogger,
    pauseMs: 5,
    stallTimeoutMs: 5_000,
  });
  const loadFrom = async (address: string, open = options()) => {
    const source = await openSource(address, open);
    try {
      return await loadCatalogue(source!, { clickhouse, clock: systemClock, logger: silentLogger });
    } finally {
      await source?.close();
    }
  };
  const httpAddress = () => `${files.url}/films.zip`;
  const s3Address = 's3://films/in/films.zip';

  const contents = () => tableContents(clickhouse);

  it('give the same tables from a folder, an archive, a web server and a bucket, and are no news to each other', async () => {
    await pack();
    const { sourcesHash } = await load();
    const expected = await contents();
    expect(expected).toHaveLength(TABLES.length);
    for (const address of [archive, httpAddress(), s3Address]) {
      await newDatabase();
      expect(await loadFrom(address)).toMatchObject({ status: 'loaded', sourcesHash });
      expect(await contents(), address).toEqual(expected);
      expect(await load()).toMatchObject({ status: 'unchanged', version: 1 });
    }
    expect(await loadFrom(s3Address, options({ anonymous: true, accessKeyId: 'NOBODY' }))).toMatchObject({
      status: 'unchanged',
    });
    expect(readdirSync(join(scratchFolder, 'fetched'))).toEqual([]);
    const [row] = await clickhouse.query(`SELECT role, file_name, address, revision != '' AS has_revision,
      toInt32(rows_read) AS rows_read, toInt32(rows_loaded) AS rows_loaded FROM catalog_sources WHERE role = 'links'`);
    expect(row).toMatchObject({
      file_name: 'links.csv',
      address: s3Address,
      rows_read: 100,
      rows_loaded: 100,
    });
    expect(
      await clickhouse.query('SELECT series, toString(last_month) AS last FROM cpi_coverage'),
    ).toContainEqual({
      series: 'CUSR0000SS62031',
      last: '2022-04-01',
    });
  });

  it('are fetched on from where the connection broke', async () => {
    await pack();
    files.cut = { afterBytes: 10_000, times: 2 };
    files.requests.length = 0;
    expect(await loadFrom(httpAddress())).toMatchObject({ status: 'loaded' });
    expect(files.requests.map(({ status, range }) => [status, range !== undefined])).toEqual([
      [200, false],
      [206, true],
      [206, true],
    ]);
  });

  it('leave the old catalogue alone when the connection keeps breaking', async () => {
    await load();
    const before = await contents();
    appendFileSync(join(folder, 'ml-latest-small/movies.csv'), '999999,New Film (2024),Drama\n');
    await pack();
    files.cut = { afterBytes: 1_000, times: 99 };
    const failed = loadFrom(httpAddress());
    await expect(failed).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        /films\.zip could not be fetched after \d+ of \d+ bytes, 4 tries: .*catalogue in use stays/,
      ),
    });
    files.cut = { afterBytes: 0, times: 0 };
    expect(await contents()).toEqual(before);
    expect(readdirSync(join(scratchFolder, 'fetched'))).toEqual([]);
  });

  it('are refused in words when they are not there, forbidden, or too large', async () => {
    await pack();
    await expect(loadFrom(`${files.url}/absent.zip`)).rejects.toMatchObject({ code: 'usage' });
    await expect(loadFrom('s3://films/absent.zip')).rejects.toMatchObject({ code: 'usage' });
    await expect(loadFrom('s3://films/')).rejects.toThrow(/s3:\/\/bucket\/key\.zip/);
    await expect(loadFrom(s3Address, options({ accessKeyId: 'NOBODY' }))).rejects.toMatchObject({
      code: 'settings',
      message: expect.stringContaining('check REELSTREAM_S3_ACCESS_KEY_ID'),
    });
    await expect(loadFrom(s3Address, options({ secretAccessKey: '' }))).rejects.toThrow(
      'REELSTREAM_S3_SECRET_ACCESS_KEY is not set',
    );
    const small = { ...options(), budget: { maxDownloadBytes: 1_000, maxUnpackedBytes: 1_000_000 } };
    for (const address of [httpAddress(), s3Address])
      await expect(loadFrom(address, small)).rejects.toThrow(/larger than 1000 bytes/);
    const nobody = options({ endpoint: 'http://127.0.0.1:9' });
    await expect(loadFrom(s3Address, nobody)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('are not fetched again by a watch while the server says that nothing changed', async () => {
    const settings = readSettings({ REELSTREAM_HOME: scratchFolder, ...noEnvFile });
    for (const address of [s3Address, httpAddress()]) {
      await newDatabase();
      const deps = { clickhouse, clock: systemClock, logger: silentLogger };
      await pack();
      files.requests.length = 0;
      const request = catalogueRequest(address, {}, settings);
      const chunks: number[] = [];
      const counting = { ...options(), onBytes: (_: string, bytes: number) => void chunks.push(bytes) };
      const look = () => createLook(request, deps, () => counting)(new AbortController().signal);
      expect(await look()).toEqual({ outcome: 'loaded', version: 1 });
      expect(chunks.splice(0)).not.toEqual([]);
      expect(await look()).toEqual({ outcome: 'unchanged', version: 1 });
      expect(chunks).toEqual([]);
      if (address === s3Address) continue;
      expect(files.requests.map(({ status }) => status)).toEqual([200, 304]);
      appendFileSync(join(folder, 'ml-latest-small/movies.csv'), `${databases + 999_000},New (2024),Drama\n`);
      await pack();
      expect(await look()).toEqual({ outcome: 'loaded', version: 2 });
      // another catalogue came in between: the watch wants its own again
      rmSync(join(folder, 'cpi'), { recursive: true });
      await load();
      expect(await look()).toEqual({ outcome: 'loaded', version: 4 });
    }
  });
});
