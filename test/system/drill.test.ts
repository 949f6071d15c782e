import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { processesWith } from '../helpers/own-stack.ts';
import { runProgram } from '../helpers/program.ts';

/** The quickest drill; the others differ in the fault and not in the way (docs/watching.md has what they took). */
const DRILL = 'loss';
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

async function drill(...options: string[]): Promise<{ code: number | null; result: Result }> {
  const { code, stdout, stderr } = await runProgram(['drill', DRILL, '--json', ...options], {
    TMPDIR: temporary,
  });
  expect(stdout, stderr).not.toBe('');
  expect(processesWith(`TMPDIR=${temporary}`)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
  const [result] = JSON.parse(stdout) as Result[];
  return { code, result: result! };
}

describe('reelstream drill', () => {
  // a second alert is a failure, and beside other tests there is one: a drill has the machine to itself
  it.runIf(isFull)('loses rows, is told so, by nothing else, and told when they are back', async () => {
    const { code, result } = await drill();
    expect(result.deviations).toEqual([]);
    expect(code).toBe(0);
    expect(result.toldAfterSeconds[0]).toBeGreaterThan(0);
    expect(result.resolvedAfterSeconds).toBeGreaterThanOrEqual(0);
    expect(result.heartbeats).toBeGreaterThan(0);
  });

  it.runIf(isFull)('fails when the alert is taken out of the rules', async () => {
    const { code, result } = await drill('--without', 'SourceSinkMismatch');
    expect(code).toBe(1);
    expect(result.toldAfterSeconds).toEqual([null]);
    expect(result.deviations).toEqual(['SourceSinkMismatch (table=events_raw) was not told']);
  });

  it('knows its drills and alerts by name', async () => {
    const unknown = await runProgram(['drill', 'dipp'], {});
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('did you mean dip?');
  });
});
