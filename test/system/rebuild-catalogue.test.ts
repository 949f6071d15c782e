import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Finding } from '../../cli/doctor/findings.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { startTestPipeline, type TestPipeline } from '../helpers/pipeline.ts';
import { runProgram } from '../helpers/program.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** A newer catalogue while the stream runs: nothing stops, readers always see whole months, and nothing old is left. */
let pipeline: TestPipeline;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-newer-'));
  pipeline = await startTestPipeline();
});
afterAll(async () => {
  await pipeline?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const RATE = Number(process.env.REELSTREAM_TEST_FULL === '1' ? 4_000 : 600);
const FIRST_ROWS = RATE * 2;

/** The sample, where every second film has lost its link: it keeps MovieLens's genres and has no company. */
function writeNewerCatalogue(): void {
  cpSync(join(projectRoot, 'data'), folder, { recursive: true });
  const path = join(folder, 'ml-latest-small', 'links.csv');
  const [head, ...rows] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const changed = rows.map((row, i) => (i % 2 === 0 ? row : row.replace(/,\d*$/, ',')));
  writeFileSync(path, `${[head, ...changed].join('\n')}\n`);
}

/** Whatever else doctor thinks of a stack that is not of this machine's making. */
const catalogueFindings = async () => {
  const { stdout } = await runProgram(['doctor', '--json'], pipeline.environment);
  return (JSON.parse(stdout) as Finding[]).filter(({ what }) => what === 'catalogue');
};
const rowsOf = (version: number) =>
  pipeline.count(`SELECT count() FROM events_raw WHERE verdict = 'ok' AND catalog_version = ${version}`);

it('doctor shows what is older, rebuild --catalog brings it up to date while the sink streams', async () => {
  const sink = await pipeline.startSink();
  const producer = await pipeline.startProducer(['--rate', String(RATE), '--for', '5m']);
  await waitUntil('rows under version 1', 60_000, async () => (await rowsOf(1)) > FIRST_ROWS);

  writeNewerCatalogue();
  const loaded = JSON.parse((await pipeline.run(['catalog', 'load', folder, '--json'])).stdout);
  expect(loaded).toMatchObject({ status: 'loaded', version: 2 });
  expect(new Set(loaded.checks.map(({ outcome }: { outcome: string }) => outcome))).toEqual(
    new Set(['passed', 'skipped']),
  );
  await waitUntil('the sink notices', 30_000, async () => (await rowsOf(2)) > 0);
  expect(await catalogueFindings()).toEqual([
    expect.objectContaining({ detail: 'version 2 is live' }),
    expect.objectContaining({
      health: 'warn',
      detail: expect.stringMatching(/^\d+ rows were ingested under version 1; .*rebuild --catalog/),
    }),
  ]);

  const month = new Date().toISOString().slice(0, 7);
  const elsewhere = await pipeline.run(['rebuild', '--catalog', '--from', '2019-01', '--to', '2019-12']);
  expect(elsewhere.stdout).toMatch(/^0 months of slots rebuilt under catalogue 2; no row is left/);
  expect(await rowsOf(1)).toBeGreaterThan(FIRST_ROWS);

  const before = await pipeline.count('SELECT count() FROM events_raw');
  const seen: number[] = [];
  let isRebuilding = true;
  const readers = (async () => {
    while (isRebuilding) seen.push(await pipeline.count('SELECT sum(n) FROM pipeline_by_minute'));
  })();
  const { stdout } = await pipeline
    .run(['rebuild', '--catalog', '--from', month, '--to', month])
    .finally(() => {
      isRebuilding = false;
    });
  await readers;
  expect(stdout).toMatch(
    /^4 months of slots rebuilt under catalogue 2; no row is left under an older one\n$/,
  );
  // a reader meets a month before or after its swap, never without it
  expect(seen.length).toBeGreaterThan(3);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen[0]).toBeGreaterThanOrEqual(FIRST_ROWS);

  await waitUntil(
    'the stream goes on',
    60_000,
    async () => (await pipeline.count('SELECT count() FROM events_raw')) > before + RATE * 2,
  );
  expect(await rowsOf(1)).toBe(0);
  expect(await catalogueFindings()).toEqual([expect.objectContaining({ health: 'ok' })]);

  await producer.stop();
  expect((await sink.stop()).code).toBe(0);
  // ends with 0 only when every aggregate is exact
  await pipeline.run(['audit']);
  // every row has the ids of the newer catalogue, as if it had been there from the start
  const wrong = await pipeline.count(
    `SELECT count() FROM events_raw AS e LEFT JOIN (SELECT movie_id, genre_ids, company_ids FROM movies WHERE movie_id > 0) AS m
       ON m.movie_id = e.movie_id
     WHERE e.verdict = 'ok' AND e.kind = 'RATED'
       AND (e.genre_ids != if(empty(m.genre_ids), [0], m.genre_ids) OR e.company_ids != if(empty(m.company_ids), [0], m.company_ids))`,
  );
  expect(wrong).toBe(0);
}, 240_000);
