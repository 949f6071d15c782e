import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../../../embedded/supervisor/ports.ts';
import { summaryOf } from '../../helpers/produced.ts';
import { type RunningService, runProgram, startService } from '../../helpers/program.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const LAUNCHER = join(import.meta.dirname, '../../../cli/reelstream.mjs');
const folder = mkdtempSync(join(tmpdir(), 'reelstream-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function environment(more: Readonly<Record<string, string>> = {}) {
  return {
    REELSTREAM_HOME: folder,
    // nobody is there: these runs need neither Kafka nor the registry
    REELSTREAM_KAFKA_BROKERS: '127.0.0.1:1',
    REELSTREAM_REGISTRY_URL: 'http://127.0.0.1:1',
    REELSTREAM_PRODUCER_METRICS_PORT: String(await findFreePort()),
    ...more,
  };
}

const run = async (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  runProgram(['produce', ...args], await environment(more));

const CSV_LINE = /^\d+,\d+,[0-5]\.[05]$/;

// each in its own process on its own port
describe.concurrent('produce to text', () => {
  it('prints CSV as MoviesMatchDataGenerator does, with the summary on stderr', async () => {
    const args = ['--sink', 'stdout', '--format', 'csv', '--rate', '500', '--count', '300', '--seed', '3'];
    const { code, stdout, stderr } = await run([...args, '--min-achieved', '0']);
    expect(code).toBe(0);
    const [header, ...lines] = stdout.split('\n');
    expect(header).toBe('user_id,movie_id,rating');
    expect(lines.pop()).toBe('');
    expect(lines).toHaveLength(300);
    expect(lines.filter((line) => !CSV_LINE.test(line))).toEqual([]);
    expect(stderr).toContain('acknowledged: 300');
    const again = await run([...args, '--min-achieved', '0']);
    expect(again.stdout).toBe(stdout);
  });

  it('writes the same into a file of its own, never over another', async () => {
    const out = join(folder, 'events.csv');
    const args = ['--sink', 'file', '--out', out, '--format', 'csv', '--count', '50', '--json'];
    const { code, stdout } = await run([...args, '--min-achieved', '0']);
    expect([code, summaryOf(stdout)?.acknowledged]).toEqual([0, 50]);
    expect(readFileSync(out, 'utf8')).toMatch(/^user_id,movie_id,rating\n(\d+,\d+,[0-5]\.[05]\n){50}$/);
    const again = await run(args);
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/--out: EEXIST/)]);
  });

  it('prints JSON by default, one event a line', async () => {
    const { stdout } = await run([
      '--sink',
      'stdout',
      '--count',
      '20',
      '--rate',
      '1000',
      '--min-achieved',
      '0',
    ]);
    const events = stdout.trim().split('\n');
    expect(events).toHaveLength(20);
    for (const event of events) expect(JSON.parse(event)).toMatchObject({ source: 'live' });
  });

  it('prints what is due at once, also at a low rate', async () => {
    const service = await startService(
      ['produce', '--sink', 'stdout', '--rate', '10', '--jitter', 'none'],
      await environment(),
      null,
    );
    await waitUntil(
      'three lines',
      20_000,
      () => (service.said().match(/"event_id"|"user_id"/g) ?? []).length >= 3,
    );
    expect((await service.stop()).code).toBe(0);
  });

  it('ends without an error when its reader has had enough', async () => {
    const child = spawn(
      process.execPath,
      [LAUNCHER, 'produce', '--sink', 'stdout', '--format', 'csv', '--rate', '5000'],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...(await environment()) } },
    );
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, said]).toEqual([0, expect.stringContaining('nobody reads stdout any more')]);
  });

  it('runs as MoviesMatchDataGenerator when one of its variables is set', async () => {
    const { code, stdout } = await run(
      ['--sink', 'stdout', '--format', 'csv', '--for', '1s', '--min-achieved', '0'],
      {
        MOVIES_MATCH_GENERATE_INTERVAL_SEC: '0.2',
        MOVIES_MATCH_RECORDS_TO_GENERATE: '7',
        MOVIES_MATCH_EXISTING_USERS_FIRST_ID: '1000',
        MOVIES_MATCH_EXISTING_USERS_LAST_ID: '2000',
        MOVIES_MATCH_NEW_USERS_FIRST_ID: '5000',
        MOVIES_MATCH_NEW_USERS_LAST_ID: '5010',
        MOVIES_MATCH_NEW_USER_RATING_PROB: '0.5',
      },
    );
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n').slice(1);
    // a batch every 0.2 s, the first at once
    expect(lines).toHaveLength(5 * 7);
    const users = lines.map((line) => Number(line.split(',')[0]));
    const isNew = (user: number) => user >= 5_000 && user <= 5_010;
    expect(users.filter((user) => !isNew(user) && !(user >= 1_000 && user <= 2_000))).toEqual([]);
    expect(users.filter(isNew).length).toBeGreaterThan(5);
  });

  it('refuses wrong values of those variables, all at once and by name', async () => {
    const { code, stderr } = await run(['--sink', 'stdout'], {
      MOVIES_MATCH_GENERATE_INTERVAL_SEC: '-1',
      MOVIES_MATCH_NEW_USER_RATING_PROB: '1.5',
    });
    expect(code).toBe(2);
    expect(stderr).toContain('MOVIES_MATCH_GENERATE_INTERVAL_SEC');
    expect(stderr).toContain('MOVIES_MATCH_NEW_USER_RATING_PROB');
  });
});

describe.concurrent('produce', () => {
  it.each([
    [['--rate', '0'], '--rate: "0" is not a number above 0 and up to 10000000'],
    [['--workers', '65'], '--workers: "65" is not a whole number from 1 to 64'],
    [['--no-such-option'], '--no-such-option'],
  ])('ends with 2 for %j', async (args, message) => {
    const { code, stderr } = await run(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('ends with 3 when Kafka is away', async () => {
    const { code } = await run(['--count', '1']);
    expect(code).toBe(3);
  });

  it('ends with 1 when it falls short of --min-achieved, and says by how much', async () => {
    const unreachable = [
      '--sink',
      'null',
      '--rate',
      '10000000',
      '--for',
      '500ms',
      '--overload',
      'block',
      '--json',
    ];
    const short = await run(unreachable);
    const summary = summaryOf(short.stdout)!;
    expect(short.code).toBe(1);
    expect(short.stderr).toMatch(/of the target was achieved, less than the 95 % of --min-achieved/);
    expect(summary.achieved).toBeLessThan(0.95);
    expect(summary.achievedRate / summary.targetRate).toBeCloseTo(summary.achieved);
    expect((await run([...unreachable, '--min-achieved', '0'])).code).toBe(0);
  });

  it('prints a schedule and sends nothing with --dry-run', async () => {
    const { code, stdout } = await run([
      '--dry-run',
      '--json',
      '--rate',
      '100',
      '--for',
      '10s',
      '--seed',
      '1',
    ]);
    expect(code).toBe(0);
    const { total, meanRate } = JSON.parse(stdout) as { total: number; meanRate: number };
    expect(total).toBeGreaterThan(900);
    expect(meanRate).toBeCloseTo(total / 10);
  });

  it('finds the highest rate that is kept up', async () => {
    const { code, stdout, stderr } = await run([
      ...[
        '--find-max',
        '--sink',
        'null',
        '--rate',
        '8000000',
        '--for',
        '300ms',
        '--warmup',
        '100ms',
        '--json',
      ],
    ]);
    expect(code, stderr).toBe(0);
    const { highestRate, trials } = JSON.parse(stdout) as {
      highestRate: number;
      trials: { rate: number; keptUp: boolean }[];
    };
    expect(trials.length).toBeGreaterThan(2);
    expect(highestRate).toBe(Math.max(...trials.filter((one) => one.keptUp).map(({ rate }) => rate)));
    expect(highestRate).toBeLessThan(4_000_000);
  });

  it('shares its events among workers, and ends with all of them', async () => {
    const { code, stdout, stderr } = await run([
      ...['--sink', 'null', '--workers', '3', '--rate', '3000', '--count', '2000', '--fault', 'drop=10%'],
      ...['--seed', '5', '--json', '--min-achieved', '0'],
    ]);
    const summary = summaryOf(stdout)!;
    expect(code, stderr).toBe(0);
    expect(summary).toMatchObject({ generated: 2_000, inFlight: 0, next: 2_000 });
    expect(summary.keptBack).toBe(summary.byLabel.drop);
    expect(summary.acknowledged).toBe(2_000 - summary.keptBack);
  });
});

describe.concurrent('a run that goes on', () => {
  const start = async (args: readonly string[]) => {
    const own = await environment();
    const url = `http://127.0.0.1:${own.REELSTREAM_PRODUCER_METRICS_PORT}`;
    const service = await startService(
      ['produce', '--sink', 'null', '--json', ...args],
      own,
      `${url}/readyz`,
    );
    const status = async () =>
      (await (await fetch(`${url}/status`)).json()) as Readonly<Record<string, number>>;
    const put = (body: unknown) =>
      fetch(`${url}/rate`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    const untilTarget = (rate: number) =>
      waitUntil(
        `a target of ${rate}/s`,
        10_000,
        async () => Math.abs((await status()).targetRate! - rate) < 1,
      );
    return { service, status, put, untilTarget, url };
  };
  const stop = async (service: RunningService) => {
    const { code, stdout, stderr } = await service.stop();
    expect(code, stderr).toBe(0);
    return summaryOf(stdout)!;
  };

  it.each([['1'], ['2']])('changes its rate by PUT /rate and by signals (%s workers)', async (workers) => {
    const { service, status, put, untilTarget } = await start(['--rate', '500', '--workers', workers]);
    await untilTarget(500);
    const answer = await put({ rate: 2_000 });
    expect([answer.status, await answer.json()]).toEqual([200, { factor: 4, rate: 2_000 }]);
    await untilTarget(2_000);
    const before = (await status()).generated!;
    await waitUntil('it sends more', 10_000, async () => (await status()).generated! > before + 1_000);
    process.kill(service.pid, 'SIGUSR1');
    await untilTarget(2_200);
    process.kill(service.pid, 'SIGUSR2');
    await untilTarget(2_000);
    await put({ factor: 0 });
    await untilTarget(0);
    expect((await put({ rate: -1 })).status).toBe(400);
    expect((await put({})).status).toBe(400);
    expect(await status()).toMatchObject({ rateFactor: 0, failed: 0 });
    await put({ factor: 1 });
    await untilTarget(500);
    const { stoppedBy, generated, acknowledged } = await stop(service);
    expect([stoppedBy, acknowledged]).toEqual(['signal', generated]);
  });

  it('has a rate of its own where the profile sets it: only a factor can be asked for', async () => {
    const { service, put, untilTarget } = await start(['--profile', 'steps:1m@50']);
    await untilTarget(50);
    const refused = await put({ rate: 100 });
    expect([refused.status, await refused.json()]).toEqual([
      400,
      { error: expect.stringContaining('this profile has its own rates') },
    ]);
    expect((await put({ factor: 2 })).status).toBe(200);
    await untilTarget(100);
    await stop(service);
  });

  it('loses a worker: the others stop, and the run has failed', async () => {
    const { service } = await start(['--rate', '1000', '--workers', '2']);
    const children = readFileSync(`/proc/${service.pid}/task/${service.pid}/children`, 'utf8')
      .trim()
      .split(' ');
    expect(children).toHaveLength(2);
    process.kill(Number(children[1]), 'SIGKILL');
    const { code, stderr } = await service.finished;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/worker 1 was killed by SIGKILL/)]);
    expect(children.filter(isAlive)).toEqual([]);
  });
});

function isAlive(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}
