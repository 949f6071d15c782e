import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type ExportOptions,
  exportTo,
  type Manifest,
  type ManifestItem,
} from '../../../cli/export/export.ts';
import { chooseItems, exportItems } from '../../../cli/export/items.ts';
import { type ClickHouse, connectClickHouse } from '../../../clickhouse/connection.ts';
import { readQuestions } from '../../../clickhouse/questions.ts';
import { projectRoot } from '../../../runtime/environment.ts';
import { loadSample } from '../../clickhouse/questions/fixture.ts';
import { startTestClickHouse, type TestClickHouse } from '../../helpers/clickhouse-server.ts';
import { runProgram } from '../../helpers/program.ts';

const DATABASE = 'exported';
/** A few minutes into the sample's stream, see its fixture: trending has two windows. */
const NOW_MS = Date.UTC(2020, 0, 1, 0, 1);

let server: TestClickHouse;
let clickhouse: ClickHouse;
let folders: string;
let folder: string;
let count = 0;

beforeAll(async () => {
  server = await startTestClickHouse();
  clickhouse = connectClickHouse({ url: server.url, database: DATABASE });
  await loadSample(clickhouse);
  folders = mkdtempSync(join(tmpdir(), 'reelstream-export-'));
}, 60_000);
beforeEach(() => {
  folder = join(folders, `${count++}`);
});
afterAll(async () => {
  await clickhouse?.close();
  await server?.stop();
  rmSync(folders, { recursive: true, force: true });
});

const { items, leftOut } = exportItems(readQuestions(join(projectRoot, 'clickhouse/questions')));
const exportOnly = (
  only: readonly string[] | undefined,
  through = clickhouse,
  more: Partial<ExportOptions> = {},
) =>
  exportTo(through, {
    folder,
    items: chooseItems(items, only),
    leftOut,
    formats: ['csv', 'parquet'],
    force: false,
    nowMs: NOW_MS,
    version: 'test',
    ...more,
  });
const run = (args: readonly string[]) =>
  runProgram(['export', ...args], {
    REELSTREAM_CLICKHOUSE_URL: server.url,
    REELSTREAM_CLICKHOUSE_DATABASE: DATABASE,
  });
const scratch = () =>
  clickhouse.query(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'export_')",
  );

const FINGERPRINT = 'toString(sum(sipHash64(toString(tuple(*))))) AS hash, toFloat64(count()) AS rows';

/** Every type of column is in one of these; REELSTREAM_TEST_FULL=1 reads back everything. */
const READ_BACK = [
  'films',
  'movies',
  'load_reports',
  'cpi_monthly',
  'company_ratings_by_hour',
  'movie_ratings_by_day',
  'pipeline_by_minute',
  'ratings',
  'users',
  'check_results',
  'trending-genre',
  'highest-rated-live',
  'company-year',
];
const isReadBack = ({ name }: ManifestItem) =>
  process.env.REELSTREAM_TEST_FULL === '1' || READ_BACK.includes(name);

/** Contents of both files as the engine reads them back into the columns that the manifest names, and of the table itself. */
async function readBack({ name, kind, columns, files }: ManifestItem): Promise<Record<string, unknown>> {
  const list = columns.map((column) => `\`${column.name}\` ${column.type}`).join(', ');
  for (const { path, format } of files) {
    await clickhouse.command(`CREATE OR REPLACE TABLE read_${format} (${list}) ENGINE = Memory`);
    await clickhouse.insertBytes(
      `INSERT INTO read_${format} FORMAT ${format === 'csv' ? 'CSVWithNames' : 'Parquet'}`,
      readFileSync(join(folder, path)),
    );
  }
  const tables = ['read_csv', 'read_parquet', kind === 'table' ? name : 'read_csv'];
  const rows = await clickhouse.query<{ nth: number; hash: string; rows: number }>(
    tables.map((table, nth) => `SELECT ${nth} AS nth, ${FINGERPRINT} FROM ${table}`).join(' UNION ALL '),
  );
  const [csv, parquet, live] = rows.sort((a, b) => a.nth - b.nth).map(({ hash, rows }) => ({ hash, rows }));
  return { name, csv, parquet, live };
}

const same = (item: ManifestItem, content: Record<string, unknown>) => {
  expect(content).toEqual({ name: item.name, csv: content.csv, parquet: content.csv, live: content.csv });
  expect(content.csv).toMatchObject({ rows: item.rows });
};

describe('an export', () => {
  it('holds the same rows in both files as the engine has, with true sizes and hashes', async () => {
    const manifest = await exportOnly(undefined);
    expect(manifest.items.map(({ name }) => name)).toEqual(items.map(({ name }) => name));
    expect(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))).toEqual(manifest);
    expect(manifest).toMatchObject({
      catalogVersion: 1,
      asOf: '2020-01-01T00:01:00.000Z',
      database: DATABASE,
    });
    for (const item of manifest.items) {
      for (const { path, bytes, sha256 } of item.files) {
        const content = readFileSync(join(folder, path));
        expect([path, bytes, sha256]).toEqual([
          path,
          content.length,
          createHash('sha256').update(content).digest('hex'),
        ]);
      }
      if (isReadBack(item)) same(item, await readBack(item));
    }
    const rowsOf = (name: string) => manifest.items.find((item) => item.name === name)?.rows;
    expect([rowsOf('ratings'), rowsOf('current_ratings'), rowsOf('users')]).toEqual([100_836, 100_836, 610]);
    expect(await scratch()).toEqual([]);
  }, 60_000);

  it('keeps the order of an answer', async () => {
    await exportOnly(['highest-rated-live']);
    const lines = readFileSync(join(folder, 'questions/highest-rated-live.csv'), 'utf8').split('\n');
    expect(lines[0]).toMatch(/^"title","year","weighted_rating"/);
    expect(lines.slice(1, 4).map((line) => /^"([^"]*)"/.exec(line)?.[1])).toEqual([
      'The Shawshank Redemption',
      'The Godfather',
      'Fight Club',
    ]);
  });

  it('is one moment for both files of an item, while the stream goes on', async () => {
    let offset = 1_000_000;
    const streaming: ClickHouse = {
      ...clickhouse,
      async queryBytes(sql, options) {
        await clickhouse.command(
          `INSERT INTO events_raw (slot, kafka_offset, log_ts, ingested_at, verdict, kind, user_id, movie_id, half_stars, ts, genre_ids, company_ids)
           VALUES (1, ${offset++}, '2020-01-02', '2020-01-02', 'ok', 'RATED', 700, 1, 8, '2020-01-02', [0], [0])`,
        );
        return clickhouse.queryBytes(sql, options);
      },
    };
    const manifest = await exportOnly(['ratings', 'users'], streaming);
    for (const item of manifest.items) {
      const { csv, parquet } = await readBack(item);
      expect([item.name, parquet]).toEqual([item.name, csv]);
      expect(csv).toMatchObject({ rows: item.rows });
    }
    expect(manifest.items.map(({ name, rows }) => [name, rows])).toEqual([
      ['ratings', 100_836],
      ['users', 611],
    ]);
  });
});

describe('an export that fails', () => {
  it.each(['CSVWithNames', 'Parquet'])(
    'because an answer in %s is cut off leaves no such file, no manifest and no table',
    async (format) => {
      const cutting: ClickHouse = {
        ...clickhouse,
        async queryBytes(sql, options) {
          const stream = await clickhouse.queryBytes(sql, options);
          if (!sql.endsWith(format)) return stream;
          const chunks: Buffer[] = [];
          for await (const chunk of stream) chunks.push(chunk as Buffer);
          return Readable.from([Buffer.concat(chunks).subarray(0, -7)]);
        },
      };
      await expect(exportOnly(['films'], cutting)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('cut off'),
      });
      const name = format === 'Parquet' ? 'films.parquet' : 'films.csv';
      expect(readdirSync(join(folder, 'tables'))).not.toContain(name);
      expect(existsSync(join(folder, 'manifest.json'))).toBe(false);
      expect(await scratch()).toEqual([]);
    },
  );

  it('because a row is missing says so', async () => {
    const losing: ClickHouse = {
      ...clickhouse,
      queryBytes: async (_, options) => clickhouse.queryBytes('SELECT 1 AS id FORMAT CSVWithNames', options),
    };
    await expect(exportOnly(['genres'], losing)).rejects.toThrow(/holds 1 rows instead of \d+/);
  });

  it('because a catalogue came out meanwhile writes no manifest', async () => {
    const reloading: ClickHouse = {
      ...clickhouse,
      async queryBytes(sql, options) {
        await clickhouse.insertRows('catalog_versions', [{ version: 2 }]);
        return clickhouse.queryBytes(sql, options);
      },
    };
    await expect(exportOnly(['check_results'], reloading)).rejects.toThrow('a new catalogue came out');
    expect(existsSync(join(folder, 'manifest.json'))).toBe(false);
    await clickhouse.command(
      'ALTER TABLE catalog_versions DELETE WHERE version = 2 SETTINGS mutations_sync = 1',
    );
  });

  it('because its statement is refused leaves no table', async () => {
    const [question] = readQuestions(join(projectRoot, 'clickhouse/questions'));
    const broken = {
      kind: 'question',
      name: 'x',
      question: { ...question!, parameters: [], sql: 'SELECT throwIf(1) AS x' },
      given: {},
    } as const;
    await expect(exportOnly(undefined, clickhouse, { items: [broken] })).rejects.toMatchObject({
      code: 'clickhouse',
    });
    expect(await scratch()).toEqual([]);
  });
});

describe('reelstream export', () => {
  it('prints what it wrote, refuses a folder that is not empty, and replaces its own files with --force', async () => {
    const first = await run([folder, '--only', 'films,genres', '--format', 'csv']);
    expect([first.code, first.stderr]).toEqual([0, expect.any(String)]);
    expect(first.stdout).toMatch(/table +films +[\d,]+ +[\d,]+ +csv\n/);
    expect(readdirSync(join(folder, 'tables'))).toEqual(['films.csv', 'genres.csv']);
    writeFileSync(join(folder, 'tables', 'mine.csv'), 'mine');

    const refused = await run([folder, '--only', 'links']);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('is not empty')]);

    const forced = await run([folder, '--only', 'links', '--force', '--json']);
    expect(forced.code).toBe(0);
    expect((JSON.parse(forced.stdout) as Manifest).items.map(({ name }) => name)).toEqual(['links']);
    expect(readdirSync(join(folder, 'tables'))).toEqual(['links.csv', 'links.parquet', 'mine.csv']);
  });

  it('tells wrong use from a server that is away', async () => {
    const [unknown, format, away] = await Promise.all([
      run([folder, '--only', 'film']),
      run([folder, '--format', 'xml']),
      runProgram(['export', `${folder}-away`], { REELSTREAM_CLICKHOUSE_URL: 'http://127.0.0.1:9' }),
    ]);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('did you mean films')]);
    expect([format.code, away.code]).toEqual([2, 3]);
    expect(existsSync(folder)).toBe(false);
  });
});
