import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import { type ClickHouse, connectClickHouse } from '../../clickhouse/connection.ts';
import { systemClock } from '../../core/clock.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { batchOf, claimNew, loseNewestPart, offsetOf, stopMerges } from '../clickhouse/fixture.ts';
import { startTestClickHouse, type TestClickHouse } from '../helpers/clickhouse-server.ts';
import { runProgram } from '../helpers/program.ts';

/** The commands on tables, as a person runs them: output, --json and exit codes. */
let server: TestClickHouse;
let clickhouse: ClickHouse;
const DATABASE = 'by_hand';

const run = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  runProgram(args, {
    REELSTREAM_CLICKHOUSE_URL: server.url,
    REELSTREAM_CLICKHOUSE_DATABASE: DATABASE,
    ...more,
  });
const json = async (args: readonly string[]) => {
  const { code, stdout, stderr } = await run([...args, '--json']);
  return { code, stderr, answer: stdout === '' ? null : JSON.parse(stdout) };
};

beforeAll(async () => {
  server = await startTestClickHouse();
  clickhouse = connectClickHouse({ url: server.url, database: DATABASE });
  const first = await json(['migrate']);
  expect(first).toMatchObject({ code: 0, answer: { alreadyThere: [] } });
  expect(first.answer.applied.length).toBeGreaterThan(5);
  await stopMerges(clickhouse);
  const store = await createSinkStore(clickhouse, { clock: systemClock });
  const claimed = await claimNew(store, 2);
  for (const from of [0, 100, 200]) {
    await store.insert(batchOf(claimed.map(({ slot, epoch }) => ({ slot, epoch, from, to: from + 100 }))));
  }
}, 120_000);
afterAll(async () => {
  await clickhouse?.close();
  await server?.stop();
});

describe('migrate', () => {
  it('says that nothing is left to do', async () => {
    const { code, stdout } = await run(['migrate']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^0 applied, \d+ already there\n$/)]);
  });
});

describe('sql', () => {
  it('prints a table, or any format', async () => {
    const table = await run(['sql', 'SELECT count() AS rows FROM events_raw']);
    expect([table.code, table.stdout]).toEqual([0, expect.stringMatching(/rows[\s\S]*600/)]);
    const csv = await run([
      'sql',
      '--format',
      'CSV',
      'SELECT slot, count() FROM events_raw GROUP BY slot ORDER BY slot',
    ]);
    expect([csv.code, csv.stdout]).toEqual([0, '0,300\n1,300\n']);
    expect(await json(['sql', 'SELECT 1 AS one'])).toMatchObject({ code: 0, answer: { data: [{ one: 1 }] } });
  });

  it('changes nothing', async () => {
    for (const statement of [
      'DROP TABLE events_raw',
      'INSERT INTO checks (name) VALUES (1)',
      'SET readonly = 0',
    ]) {
      expect((await run(['sql', statement])).code).toBe(1);
    }
  });

  it('ends quietly when its reader has had enough, as before | head', async () => {
    const query = 'SELECT number FROM numbers(50000000)';
    const child = spawn(
      process.execPath,
      [join(projectRoot, 'cli/reelstream.mjs'), 'sql', '--format', 'TSV', query],
      {
        env: {
          ...process.env,
          REELSTREAM_CLICKHOUSE_URL: server.url,
          REELSTREAM_CLICKHOUSE_DATABASE: DATABASE,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let complaints = '';
    child.stderr.on('data', (chunk) => {
      complaints += chunk;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = await once(child, 'close');
    expect([code, complaints]).toEqual([0, '']);
  });

  it('tells a wrong query from a server that is away', async () => {
    expect((await run(['sql', 'SELECT nothing FROM nowhere'])).code).toBe(1);
    expect((await run(['sql', 'SELECT 1'], { REELSTREAM_CLICKHOUSE_URL: 'http://127.0.0.1:9' })).code).toBe(
      3,
    );
  });
});

describe('audit, recover and rebuild', () => {
  it('finds the tables exact and has nothing to repair', async () => {
    const { code, stdout } = await run(['audit']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('events_raw: 600 rows in 2 slots\nexact\n')]);
    expect(stdout.match(/exact\n/g)).toHaveLength(5);
    expect(await json(['recover'])).toMatchObject({ code: 0, answer: [{ repairs: [] }, { repairs: [] }] });
    expect(await run(['recover', '--deep'])).toMatchObject({
      code: 0,
      stdout: 'nothing to repair in 2 slots\n',
    });
  });

  it('turns red for a wrong aggregate, which rebuild puts right', async () => {
    await clickhouse.command('INSERT INTO agg_ratings_day SELECT * FROM agg_ratings_day WHERE slot = 1');
    const { code, stdout } = await run(['audit']);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/agg_ratings_day .*DIFFERS/)]);
    expect(await json(['audit', '--slots', '0'])).toMatchObject({
      code: 0,
      answer: { exact: true, slots: [0] },
    });
    expect(await json(['rebuild', '--slots', '1'])).toMatchObject({
      code: 0,
      answer: { rebuilt: [{ slot: 1 }] },
    });
    expect(await json(['audit'])).toMatchObject({ code: 0, answer: { exact: true } });
  });

  it('fills what a crash left out', async () => {
    await loseNewestPart(clickhouse, 'agg_ratings_live', 0);
    const { code, stdout } = await run(['recover']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/0 +agg_ratings_live +filled +100/)]);
    expect((await run(['audit'])).code).toBe(0);
  });

  it('reports a hole, and rewinds to it', async () => {
    const [{ part }] = (await clickhouse.query<{ part: string }>(
      `SELECT name AS part FROM system.parts WHERE active AND database = currentDatabase() AND table = 'events_raw'
         AND startsWith(partition_id, '0-') ORDER BY min_block_number LIMIT 1 OFFSET 1`,
    )) as [{ part: string }];
    await clickhouse.command(`ALTER TABLE events_raw DROP PART '${part}'`);
    const found = await json(['recover', '--deep']);
    const hole = offsetOf(99) + 1;
    expect(found).toMatchObject({
      code: 1,
      answer: [
        { slot: 0, gaps: [{ from: hole }] },
        { slot: 1, gaps: [] },
      ],
    });
    expect(await json(['recover', '--rewind', `0:${hole}`])).toMatchObject({
      code: 0,
      answer: { nextOffset: hole },
    });
    expect((await run(['audit'])).code).toBe(0);
  });

  it('refuses what it does not understand', async () => {
    for (const wrong of [
      ['audit', '--slots', 'x'],
      ['recover', '--slots', '99'],
      ['recover', '--rewind', '7'],
      ['recover', '--rewind', '99:1'],
      ['rebuild', '--from', 'may'],
      ['rebuild', '--catalog'],
    ]) {
      expect([wrong, (await run(wrong)).code]).toEqual([wrong, 2]);
    }
  });

  it.each(['migrate', 'sql', 'audit', 'recover', 'rebuild'])('%s explains itself', async (command) => {
    const { code, stdout } = await run([command, '--help']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('--json')]);
  });
});
