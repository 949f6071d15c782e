import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../cli/doctor/findings.ts';
import { findFreePort } from '../../../embedded/supervisor/ports.ts';
import type { ProcessStatus } from '../../../embedded/supervisor/stack-status.ts';
import { type OwnStack, planOwnStack } from '../../helpers/own-stack.ts';
import { runProgram } from '../../helpers/program.ts';

const SUPERVISE = join(import.meta.dirname, '../../embedded/fixtures/supervise.mjs');

let stack: OwnStack;
let supervisor: ChildProcess;
beforeEach(async () => {
  stack = await planOwnStack();
  const port = await findFreePort();
  supervisor = spawn(process.execPath, [SUPERVISE, stack.home, `${port}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(supervisor.stdout!, 'data');
});
afterEach(async () => {
  supervisor.kill('SIGTERM');
  await once(supervisor, 'exit');
  stack.remove();
});

describe('while a service runs in the foreground', () => {
  it('doctor and status take it for well, and miss what does not run', async () => {
    const [doctor, status] = await Promise.all(
      ['doctor', 'status'].map((command) => runProgram([command, '--json'], stack.environment)),
    );
    const findings = JSON.parse(doctor!.stdout) as Finding[];
    const healthOf = (what: string) => findings.find((one) => one.what === what)?.health;
    expect([healthOf('process fake-0'), healthOf('process kafka')]).toEqual(['ok', 'bad']);
    expect(healthOf('registry')).toBe('bad');
    const { processes } = JSON.parse(status!.stdout) as { processes: ProcessStatus[] };
    expect(processes.find(({ name }) => name === 'fake-0')).toMatchObject({
      state: 'running',
      planned: false,
    });
    expect([doctor!.code, status!.code]).toEqual([1, 1]);
  });
});
