import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ClickHouse, connectClickHouse } from '../../clickhouse/connection.ts';
import { migrate, readMigrations } from '../../clickhouse/migrate.ts';
import { findFreePorts } from '../../embedded/supervisor/ports.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { cutSample, tableContents } from '../catalog/cut-sample.ts';
import {
  type FileServer,
  S3_CREDENTIALS,
  startFileServer,
  startS3,
  type TestS3,
  zipFolder,
} from '../catalog/file-servers.ts';
import { startTestClickHouse, type TestClickHouse } from '../helpers/clickhouse-server.ts';
import { runProgram, startService } from '../helpers/program.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let server: TestClickHouse;
let clickhouse: ClickHouse;
let files: FileServer;
let s3: TestS3;
let folder: string;
let scratchFolder: string;
let archive: string;
let databases = 0;

beforeAll(async () => {
  server = await startTestClickHouse();
  folder = mkdtempSync(join(tmpdir(), 'reelstream-commands-'));
  scratchFolder = mkdtempSync(join(tmpdir(), 'reelstream-scratch-'));
  archive = join(scratchFolder, 'films.zip');
  files = await startFileServer((path) => (path === '/films.zip' && existsSync(archive) ? archive : null));
  s3 = await startS3();
});
afterAll(async () => {
  await clickhouse?.close();
  await files?.close();
  await s3?.close();
  await server?.stop();
  for (const one of [folder, scratchFolder]) rmSync(one, { recursive: true, force: true });
});
beforeEach(async () => {
  await clickhouse?.close();
  clickhouse = connectClickHouse({ url: server.url, database: `commands_${databases++}` });
  await migrate(clickhouse, readMigrations(join(projectRoot, 'clickhouse/ddl')));
  rmSync(folder, { recursive: true, force: true });
  cutSample(folder);
});

const pack = async () => {
  await zipFolder(folder, archive, 'films');
  await s3.put('in/films.zip', readFileSync(archive));
};
const httpAddress = () => `${files.url}/films.zip`;
const contents = () => tableContents(clickhouse);
async function one<T = number>(sql: string): Promise<T> {
  const [row] = await clickhouse.query<{ x: T }>(sql);
  return row!.x;
}

describe('the commands over files elsewhere', () => {
  const environment = () => ({
    REELSTREAM_CLICKHOUSE_URL: server.url,
    REELSTREAM_CLICKHOUSE_DATABASE: clickhouse.database,
    REELSTREAM_HOME: join(scratchFolder, 'home'),
  });
  const program = (...args: string[]) => runProgram(['catalog', ...args], environment());

  it('end the command with 3 when the server is gone, 1 when --strict has something to refuse, else with 0', async () => {
    expect((await program('load', folder)).code).toBe(0);
    const before = await contents();
    appendFileSync(join(folder, 'ml-latest-small/links.csv'), 'x,1,2\n');
    await pack();
    files.cut = { afterBytes: 1_000, times: 99 };
    const gone = await program('load', httpAddress());
    files.cut = { afterBytes: 0, times: 0 };
    expect(gone).toMatchObject({ code: 3, stderr: expect.stringContaining('could not be fetched') });
    const strict = await program('load', folder, '--strict');
    expect(strict).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--strict: 1 rows and 0 fields'),
    });
    expect(await contents()).toEqual(before);

    const loaded = await program('load', httpAddress(), '--json');
    expect(loaded.code).toBe(0);
    // the same contents are nothing to do, and still no clean ones
    expect(await program('load', folder, '--strict')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--strict: 1 rows and 0 fields'),
    });
    const report = JSON.parse(loaded.stdout);
    expect(report).toMatchObject({ status: 'loaded', totals: { quarantined: { not_an_id: 1 } } });
    const lines = (name: string) => readFileSync(join(report.folder, name), 'utf8').trimEnd().split('\n');
    expect(lines('quarantine.ndjson').map((line) => JSON.parse(line))).toEqual([
      {
        file: 'links.csv',
        line: 102,
        field: 'movieId',
        reason: 'not_an_id',
        outcome: 'quarantined',
        text: 'x,1,2',
      },
    ]);
    expect(lines('errors.ndjson').length).toBeGreaterThanOrEqual(1);
    expect(JSON.parse(lines('report.json').join('\n'))).toMatchObject({ version: report.version });
    expect(await program('watch', httpAddress(), '--once')).toMatchObject({ code: 0 });
  });

  it('read a bucket without a word of the AWS SDK about the version of Node', async () => {
    await pack();
    const { accessKeyId, secretAccessKey } = S3_CREDENTIALS;
    const bucket = {
      REELSTREAM_S3_ENDPOINT: s3.endpoint,
      REELSTREAM_S3_PATH_STYLE: 'true',
      REELSTREAM_S3_ACCESS_KEY_ID: accessKeyId,
      REELSTREAM_S3_SECRET_ACCESS_KEY: secretAccessKey,
    };
    const address = 's3://films/in/films.zip';
    const loaded = await runProgram(['catalog', 'load', address, '--json'], { ...environment(), ...bucket });
    expect(loaded.code, loaded.stderr).toBe(0);
    expect(JSON.parse(loaded.stdout)).toMatchObject({ status: 'loaded' });
    expect(loaded.stderr).not.toMatch(/NodeVersionSupportWarning|AWS SDK/);
  });

  it('are kept at by a service, which outlives a server that is away and stops when told', async () => {
    await pack();
    const [port] = await findFreePorts(1);
    const watch = await startService(
      ['catalog', 'watch', httpAddress(), '--every', '1s'],
      { ...environment(), REELSTREAM_CATALOG_METRICS_PORT: String(port) },
      `http://127.0.0.1:${port}/readyz`,
    );
    const films = () => one('SELECT toInt32(count()) AS x FROM movies');
    const looks = async (outcome: string) => {
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(new RegExp(`catalog_looks_total\\{outcome="${outcome}"\\} (\\d+)`).exec(metrics)?.[1]);
    };
    expect(await films()).toBe(110);
    rmSync(archive);
    await waitUntil('a look that failed', 20_000, async () => (await looks('failed')) > 0);
    expect(await films()).toBe(110);
    appendFileSync(join(folder, 'ml-latest-small/movies.csv'), '999999,New Film (2024),Drama\n');
    await pack();
    await waitUntil('the new film', 20_000, async () => (await films()) === 111);
    await waitUntil('a look without news', 20_000, async () => (await looks('unchanged')) > 0);
    expect(await watch.stop()).toMatchObject({ code: 0 });
  });
});
