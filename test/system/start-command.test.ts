import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunFigures } from '../../cli/start/summary.ts';
import { type OwnStack, planOwnStack } from '../helpers/own-stack.ts';
import { runProgram, startService } from '../helpers/program.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let stack: OwnStack;
beforeEach(async () => {
  stack = await planOwnStack();
});
afterEach(async () => {
  await runProgram(['down'], stack.environment);
  stack.remove();
});

describe('reelstream start', () => {
  it('ends by itself with every number adding up, and goes on where it stopped', async () => {
    const first = await start();
    expect(first.rawRows).toBeGreaterThan(2_000);
    const second = await start();
    for (const figures of [first, second]) {
      expect(figures.rawRows).toBe(figures.acknowledged);
      expect(figures.generated).toBe(figures.acknowledged);
      // nothing is replayed twice: a second sending of an event would be a duplicate
      expect(figures.verdicts).toEqual({ ok: figures.rawRows });
      expect(figures.audit.exact).toBe(true);
    }
    const all = [first, second].map(({ rawRows, canaries }) => rawRows + canaries);
    expect(second.audit.rawRows).toBe(all[0]! + all[1]!);
    expect(stack.processes()).toEqual([]);
  });

  it('drains on Ctrl-C and leaves no process behind', async () => {
    const running = await startService(['start', '--rate', '500', '--json'], stack.environment, null);
    await untilRows(500);
    process.kill(running.pid, 'SIGINT');
    const finished = await running.finished;
    expect(finished.code, finished.stderr).toBe(0);
    const figures = JSON.parse(finished.stdout) as RunFigures;
    expect(figures.rawRows).toBe(figures.acknowledged);
    expect(stack.processes()).toEqual([]);
  });

  it('is cleaned up after by down, and by the next start, when it was killed', async () => {
    const killed = await startService(['start', '--rate', '500'], stack.environment, null);
    await untilRows(500);
    await killed.kill();
    expect(stack.processes().length).toBeGreaterThan(4);
    const down = await runProgram(['down'], stack.environment);
    expect(down.code, down.stderr).toBe(0);
    expect(stack.processes()).toEqual([]);

    const again = await startService(['start', '--rate', '500'], stack.environment, null);
    await untilRows(1_500);
    await again.kill();
    const figures = await start();
    expect(figures.rawRows).toBe(figures.acknowledged);
    expect(figures.audit.exact).toBe(true);
    expect(stack.processes()).toEqual([]);
  });
});

async function start(): Promise<RunFigures> {
  const finished = await runProgram(['start', '--for', '5s', '--rate', '500', '--json'], stack.environment);
  expect(finished.code, `${finished.stdout}\n${finished.stderr}`).toBe(0);
  return JSON.parse(finished.stdout) as RunFigures;
}

async function untilRows(rows: number): Promise<void> {
  const query = encodeURIComponent('SELECT count() FROM reelstream.events_raw FORMAT TSV');
  await waitUntil(`${rows} rows in events_raw`, 90_000, async () => {
    const answer = await fetch(`${stack.clickhouseUrl}/?query=${query}`).catch(() => null);
    return answer?.ok === true && Number(await answer.text()) >= rows;
  });
}
