import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const TAKE_LOCK = join(import.meta.dirname, '../fixtures/take-lock.mjs');
const TAKERS = 4;
const ROUNDS = 100;

let folder: string;
let takers: ChildProcess[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-race-'));
  takers = Array.from({ length: TAKERS }, () => fork(TAKE_LOCK));
  await Promise.all(takers.map((taker) => once(taker, 'message')));
});
afterAll(() => {
  for (const taker of takers) taker.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

it('of many who find a dead lock at the same time one has it, and the others know who', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const file = join(folder, `${round}.lock`);
    writeFileSync(file, JSON.stringify({ pid: 2 ** 30, startTime: '1' }));
    const answers = takers.map((taker) => once(taker, 'message'));
    for (const taker of takers) taker.send(file);
    const holders = new Set((await Promise.all(answers)).map(([pid]) => pid as number));
    expect([round, holders.size]).toEqual([round, 1]);
  }
  // Nothing but the locks themselves: no drafts, no guards
  expect(readdirSync(folder)).toHaveLength(ROUNDS);
});
