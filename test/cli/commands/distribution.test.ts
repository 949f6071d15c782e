import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configure } from '../../../cli/commands/distribution.ts';

const folder = mkdtempSync(join(tmpdir(), 'reelstream-distribution-command-'));
const ratings = join(folder, 'ratings.csv');
writeFileSync(ratings, 'userId,movieId,rating,timestamp\n1,9,4.0,5\n2,9,4.5,6\n1,3,1.0,7\n');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const EXPECTED = 'index,movieId,rating,prob\n0,3,1.0,1\n1,9,4.0,0.5\n2,9,4.5,0.5\n';

let exitCode: typeof process.exitCode;
beforeEach(() => {
  exitCode = process.exitCode;
});
afterEach(() => {
  process.exitCode = exitCode;
  vi.restoreAllMocks();
});

async function run(args: readonly string[]): Promise<void> {
  const program = new Command();
  configure(program.command('distribution <ratings>').exitOverride());
  await program.parseAsync(['distribution', ...args], { from: 'user' });
}

describe('reelstream distribution', () => {
  it('writes the distribution, and the counts beside it when asked to', async () => {
    const [output, counts] = [join(folder, 'd.csv'), join(folder, 'c.csv')];
    await run([ratings, '-o', output, '--counts', counts]);
    expect(readFileSync(output, 'utf8')).toBe(EXPECTED);
    expect(readFileSync(counts, 'utf8')).toBe('movieId,ratings\n3,1\n9,2\n');
  });

  it('writes to standard output without -o', async () => {
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await run([ratings]);
    expect(written.mock.calls.map(([text]) => text)).toEqual([EXPECTED]);
  });

  it('says which file it cannot read or write', async () => {
    await expect(run([join(folder, 'missing.csv')])).rejects.toThrow(/missing\.csv cannot be read/);
    await expect(run([ratings, '-o', join(folder, 'no', 'd.csv')])).rejects.toThrow(/cannot be written/);
  });
});
