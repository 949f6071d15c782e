import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../runtime/environment.ts';
import { processesWith } from '../helpers/own-stack.ts';

/** A bench whose Kafka is a stand-in: what is under test is what is left of it. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-benches-'));
  mkdirSync(join(folder, 'tmp'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** `broker`: what stands for a running Kafka, in shell; its tool for formatting does nothing. */
function benchWith(broker: string) {
  writeFileSync(join(folder, 'java'), `#!/bin/sh\ncase "$*" in *StorageTool*) exit 0;; esac\n${broker}\n`);
  chmodSync(join(folder, 'java'), 0o755);
  const child = spawn(process.execPath, [join(projectRoot, 'cli/reelstream.mjs'), 'bench', 'log'], {
    env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}`, TMPDIR: join(folder, 'tmp') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  return { child, said: () => complaints };
}

const processes = () => processesWith(`TMPDIR=${join(folder, 'tmp')}`);
const folders = () => readdirSync(join(folder, 'tmp')).filter((name) => name.startsWith('reelstream-bench-'));

describe.runIf(process.platform === 'linux')('a bench', () => {
  it('that is interrupted leaves neither processes nor its folder', async () => {
    const { child, said } = benchWith('exec sleep 300');
    const isUp = () => processes().some((line) => line.startsWith('sleep')) && processes().length >= 3;
    await expect.poll(isUp, { timeout: 20_000 }).toBe(true);
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    expect([code, said()]).toEqual([1, 'reelstream: the bench was interrupted\n']);
    expect([processes(), folders()]).toEqual([[], []]);
  });

  it('whose stack does not start leaves nothing either', async () => {
    const { child, said } = benchWith('echo no heap; exit 1');
    const [code] = await once(child, 'close');
    expect([code, said()]).toEqual([3, expect.stringContaining('no heap')]);
    expect([processes(), folders()]).toEqual([[], []]);
  });
});
