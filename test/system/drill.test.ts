import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { readRunRecords } from '../../embedded/supervisor/run-record.ts';
import { processesWith } from '../helpers/own-stack.ts';
import { type RunningService, runProgram, startService } from '../helpers/program.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** The quickest ones; the others differ in the fault and not in the way (docs/watching.md has what they took). */
const DRILL = 'loss';
const ON_HISTORY = 'row-count-dip';
/** Everything a drill starts inherits it, and its folder lies within. */
const temporary = mkdtempSync(join(tmpdir(), 'reelstream-drill-test-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));
const isFull = process.env.REELSTREAM_TEST_FULL === '1';

interface Result {
  readonly name: string;
  readonly toldAfterSeconds: readonly (number | null)[];
  readonly resolvedAfterSeconds: number | null;
  readonly heartbeats: number;
  readonly deviations: readonly string[];
}

async function drill(name: string, ...options: string[]): Promise<{ code: number | null; result: Result }> {
  const { code, stdout, stderr } = await runProgram(['drill', name, '--json', ...options], {
    TMPDIR: temporary,
  });
  expect(stdout, stderr).not.toBe('');
  const [result] = JSON.parse(stdout) as Result[];
  return { code, result: result! };
}

function expectPassed({ code, result }: Awaited<ReturnType<typeof drill>>): void {
  expect(result.deviations).toEqual([]);
  expect(code).toBe(0);
  expect(result.toldAfterSeconds).not.toContain(null);
  expect(result.resolvedAfterSeconds).toBeGreaterThanOrEqual(0);
  expect(result.heartbeats).toBeGreaterThan(0);
}

/** Ctrl-C as soon as the drill has said this. */
async function interrupt(
  name: string,
  said: string,
  beforeThat: () => void = () => {},
): Promise<{ service: RunningService; finished: Promise<Interrupted> }> {
  const service = await startService(['drill', name], { TMPDIR: temporary }, null);
  await waitUntil(`${name} says ${said}`, 240_000, () => service.said().includes(said));
  beforeThat();
  const startedMs = performance.now();
  process.kill(service.pid, 'SIGINT');
  const finished = service.finished.then(({ code, stderr }) => ({
    ...{ code, stderr },
    tookMs: performance.now() - startedMs,
  }));
  return { service, finished };
}

interface Interrupted {
  readonly code: number | null;
  readonly stderr: string;
  readonly tookMs: number;
}

/** What asks it waits, for a minute: the fault cannot be mended. */
function freezeClickHouse(): void {
  const [home] = readdirSync(temporary).filter((name) => name.startsWith('reelstream-drill-'));
  const record = readRunRecords(join(temporary, home!)).find(({ name }) => name === 'clickhouse');
  process.kill(-record!.pid, 'SIGSTOP');
}

afterEach(() => {
  expect(processesWith(`TMPDIR=${temporary}`)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
});

describe('reelstream drill', () => {
  it('tells of a low day in a history of days, and when it is over, and of nothing else', async () => {
    expectPassed(await drill(ON_HISTORY));
  });

  it('undoes everything when it is interrupted', async () => {
    const { finished } = await interrupt(ON_HISTORY, 'on history');
    const { code, stderr, tookMs } = await finished;
    expect(stderr).toMatch(/stopped|called off/);
    expect(code).toBe(1);
    expect(tookMs).toBeLessThan(10_000);
  });

  it('knows its drills and alerts by name', async () => {
    const unknown = await runProgram(['drill', 'dipp'], {});
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('did you mean dip?');
  });
});

// a second alert is a failure, and beside other tests there is one: such a drill has the machine to itself
describe.runIf(isFull)('reelstream drill, at full size', () => {
  it('loses rows, is told so, by nothing else, and told when they are back', async () => {
    expectPassed(await drill(DRILL));
  });

  it.each([
    [DRILL, 'SourceSinkMismatch', ['SourceSinkMismatch (table=events_raw) was not told']],
    [
      ON_HISTORY,
      'TableRowCountDip',
      ['events_raw', 'agg_ratings_live'].map(
        (table) => `TableRowCountDip (table=${table}, period=1d) was not told`,
      ),
    ],
  ])('%s fails when %s is taken out of the rules', async (name, alert, deviations) => {
    const { code, result } = await drill(name, '--without', alert);
    expect(code).toBe(1);
    expect(result.deviations).toEqual(deviations);
  });

  const CAUSED = 'loss: a part of';

  it('mends its fault and stops its pipeline at Ctrl-C', async () => {
    const { finished } = await interrupt(DRILL, CAUSED);
    const { code, stderr, tookMs } = await finished;
    expect(stderr).toMatch(/stopped|called off/);
    expect(code).toBe(1);
    expect(tookMs).toBeLessThan(60_000);
  });

  it('waits for a fault that cannot be mended no longer than until the second Ctrl-C', async () => {
    const { service, finished } = await interrupt(DRILL, CAUSED, freezeClickHouse);
    // what comes within a second belongs to the first
    const heardMs = performance.now();
    await waitUntil('a second wish', 5_000, () => performance.now() - heardMs > 1_200);
    process.kill(service.pid, 'SIGINT');
    const { code, stderr, tookMs } = await finished;
    expect(stderr).toContain('asked to end a second time');
    expect(code).toBe(1);
    expect(tookMs).toBeLessThan(60_000);
  });
});
