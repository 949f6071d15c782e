import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createBlocksWith } from '../../../../cli/drill/history/promtool.ts';
import { waitUntil } from '../../../helpers/wait-until.ts';

const folder = mkdtempSync(join(tmpdir(), 'reelstream-promtool-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Stands for promtool. */
function program(name: string, script: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}
const never = new AbortController().signal;

describe('promtool', () => {
  it('is told of with its own words when it fails, and with the cause when it is not there', async () => {
    await createBlocksWith(program('good', 'exit 0'), never)(['rules']);
    const bad = createBlocksWith(program('bad', 'echo "line 3 is wrong" >&2; exit 1'), never);
    await expect(bad(['rules'])).rejects.toThrow('promtool made no blocks: line 3 is wrong');
    await expect(createBlocksWith(join(folder, 'none'), never)(['rules'])).rejects.toThrow('ENOENT');
  });

  it('is gone when the stop is told, whatever it would still have written', async () => {
    const stop = new AbortController();
    const pidFile = join(folder, 'pid');
    // does not listen to a polite wish
    const slow = program('slow', `trap '' TERM; echo $$ > ${pidFile}; while :; do :; done`);
    const made = createBlocksWith(slow, stop.signal)(['rules']);
    made.catch(() => {});
    await waitUntil(
      'it runs',
      5_000,
      () => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'),
    );
    stop.abort();
    await expect(made).rejects.toMatchObject({ code: 'halted' });
    expect(existsSync(`/proc/${readFileSync(pidFile, 'utf8').trim()}`)).toBe(false);
  });
});
