import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import { type ClickHouse, connectClickHouse } from '../../clickhouse/connection.ts';
import { systemClock } from '../../core/clock.ts';
import { projectRoot } from '../../runtime/environment.ts';
import {
  batchOf,
  claimNew,
  expectExact,
  loseNewestPart,
  losePart,
  offsetOf,
  stopMerges,
} from '../clickhouse/fixture.ts';
import { runProgram } from '../helpers/program.ts';
import { sharedClickHouse } from '../helpers/shared.ts';

/** The commands on tables, as a person runs them: output, --json and exit codes. */
let url: string;
let clickhouse: ClickHouse;
const DATABASE = `by_hand_${process.pid}`;

const run = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  runProgram(args, {
    REELSTREAM_CLICKHOUSE_URL: url,
    REELSTREAM_CLICKHOUSE_DATABASE: DATABASE,
    ...more,
  });
const json = async (args: readonly string[]) => {
  const { code, stdout, stderr } = await run([...args, '--json']);
  return { code, stderr, answer: stdout === '' ? null : JSON.parse(stdout) };
};

beforeAll(async () => {
  url = await sharedClickHouse();
  clickhouse = connectClickHouse({ url, database: DATABASE });
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
afterAll(() => clickhouse?.close());

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
      'SYSTEM STOP MERGES',
      'KILL QUERY WHERE 1 ASYNC',
      "SELECT file('/etc/hostname')",
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
          REELSTREAM_CLICKHOUSE_URL: url,
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

describe('audit, recover, rebuild and retain', () => {
  it('find the tables exact, and have nothing to repair or to drop', async () => {
    const { code, stdout } = await run(['audit']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('events_raw: 600 rows in 2 slots\nexact\n')]);
    expect(stdout.match(/exact\n/g)).toHaveLength(6);
    expect(await run(['recover', '--deep'])).toMatchObject({
      code: 0,
      stdout: 'nothing to repair in 2 slots\n',
    });
    expect(await json(['retain', '--keep-months', '1'])).toMatchObject({ code: 0, answer: { months: [] } });
  });

  it('turn red for a wrong aggregate, say what helps, and put it right', async () => {
    await clickhouse.command('INSERT INTO agg_ratings_day SELECT * FROM agg_ratings_day WHERE slot = 1');
    const { code, stdout } = await run(['audit']);
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/agg_ratings_day .*DIFFERS[\s\S]*recover --deep/),
    ]);
    expect(await json(['audit', '--slots', '0'])).toMatchObject({
      code: 0,
      answer: { exact: true, slots: [0] },
    });
    expect(await json(['rebuild', '--slots', '1'])).toMatchObject({
      code: 0,
      answer: { rebuilt: [{ slot: 1 }] },
    });
    await expectExact(clickhouse, [0, 1]);
  });

  it('fill what a crash left out', async () => {
    await loseNewestPart(clickhouse, 'agg_ratings_live', 0);
    const { code, stdout } = await run(['recover']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/0 +agg_ratings_live +filled +100/)]);
    await expectExact(clickhouse, [0, 1]);
  });

  it('report a hole, and rewind to it', async () => {
    await losePart(clickhouse, 'events_raw', 0, 1);
    const hole = offsetOf(99) + 1;
    const { code, stdout } = await run(['recover', '--deep']);
    expect([code, stdout]).toEqual([1, expect.stringContaining(`recover --rewind 0:${hole}`)]);
    expect(await json(['recover', '--rewind', `0:${hole}`, '--force'])).toMatchObject({
      code: 0,
      answer: { nextOffset: hole },
    });
    await expectExact(clickhouse, [0, 1]);
  });

  it('refuse what they do not understand', async () => {
    for (const wrong of [
      ['audit', '--slots', 'x'],
      ['recover', '--rewind', '99:1'],
      ['rebuild', '--catalog'],
      ['retain'],
    ]) {
      expect([wrong, (await run(wrong)).code]).toEqual([wrong, 2]);
    }
  });
});

it.each(['migrate', 'sql', 'audit', 'recover', 'rebuild', 'retain'])('%s explains itself', async (name) => {
  const { configure } = await COMMANDS.find((entry) => entry.name === name)!.load();
  const command = new Command(name);
  configure(command);
  expect(command.helpInformation()).toContain('--json');
  expect(command.description().length).toBeGreaterThan(20);
});
