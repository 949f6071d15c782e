import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SERVICE = join(import.meta.dirname, 'fixtures/service.mjs');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-signals-'));
  const scripts = { start: `"${process.execPath}" "${SERVICE}"` };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'probe', scripts }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Ctrl-C under `npm start`: the terminal sends SIGINT to every process in the foreground, which is what a signal to the group
 * does. Where the script's shell is bash it makes way for the service, which so hears from npm as well.
 */
async function interruptedUnderNpm(shell: string, drainMs: number): Promise<string> {
  const npm = spawn('npm', ['start', '--silent', '--script-shell', shell], {
    cwd: folder,
    env: { ...process.env, DRAIN_MS: String(drainMs) },
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let said = '';
  npm.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    if (chunk.includes('up\n')) process.kill(-npm.pid!, 'SIGINT');
  });
  // The pipe closes with its last holder: the service, which may outlive npm
  await once(npm.stdout, 'close');
  return said;
}

describe.each(['/bin/bash', '/bin/sh'].filter(existsSync))('Ctrl-C through npm and %s', (shell) => {
  it.each([0, 300])('drains once, to the end, also when that takes %i ms', async (drainMs) => {
    expect(await interruptedUnderNpm(shell, drainMs)).toBe('up\ndrained\ncode 0\n');
  });
});
