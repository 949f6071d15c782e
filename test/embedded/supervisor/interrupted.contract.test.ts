import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFreePort, isListening } from '../../../embedded/supervisor/ports.ts';
import { readRunRecords } from '../../../embedded/supervisor/run-record.ts';
import { stopStack } from '../../../embedded/supervisor/stop-stack.ts';

const SUPERVISE = join(import.meta.dirname, '../fixtures/supervise.mjs');
/** Runs a command in a terminal of its own. */
const SCRIPT = '/usr/bin/script';

let home: string;
let port: number;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'reelstream-interrupted-'));
  port = await findFreePort();
});
afterEach(async () => {
  await stopStack({ home, onStopped() {}, orderlyDeadlineMs: 2_000, hurriedDeadlineMs: 2_000 });
  rmSync(home, { recursive: true });
});

async function untilUp(stream: NodeJS.ReadableStream): Promise<void> {
  await once(stream, 'data');
  expect(await isListening(port)).toBe(true);
}

async function expectAllStopped(): Promise<void> {
  await expect.poll(() => readRunRecords(home), { timeout: 5_000 }).toEqual([]);
  expect(await isListening(port)).toBe(false);
}

describe('a supervisor in the foreground', () => {
  it.each(['stdout', 'stderr'] as const)(
    'stops everything when nobody reads its %s any more',
    async (lost) => {
      // Both streams over one pipe, as `2>&1 | head` does
      const redirect = lost === 'stderr' ? '1>&2' : '2>&1';
      const child = spawn(
        '/bin/sh',
        ['-c', `exec "$0" "$@" ${redirect}`, process.execPath, SUPERVISE, home, `${port}`],
        {
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
      await untilUp(child[lost]);
      child[lost].destroy();
      const [code] = await once(child, 'exit');
      expect(code).toBe(0);
      await expectAllStopped();
    },
  );

  it.runIf(process.platform === 'linux' && existsSync(SCRIPT))(
    'stops everything when its terminal is closed',
    async () => {
      const command = `'${process.execPath}' '${SUPERVISE}' '${home}' ${port}`;
      const terminal = spawn(SCRIPT, ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
      await untilUp(terminal.stdout);
      terminal.kill('SIGKILL');
      await expectAllStopped();
    },
  );

  it('stops everything after an error that nobody caught, and says which', async () => {
    const child = spawn(process.execPath, [SUPERVISE, home, `${port}`, 'throw'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let complaints = '';
    child.stderr.on('data', (chunk) => {
      complaints += chunk;
    });
    await untilUp(child.stdout);
    const [code] = await once(child, 'close');
    expect([code, complaints]).toEqual([1, expect.stringContaining('thrown where nobody catches')]);
    await expectAllStopped();
  });
});
