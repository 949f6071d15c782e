import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planReplay, type ReplayRequest, type ReplayTarget } from '../../producer/replay-plan.ts';
import { createMemoryLocks, type MemoryLocks } from './memory-locks.ts';

const fresh = { runId: 'abcdefabcdefabc', seed: 11 };

let folder: string;
let locks: MemoryLocks;
beforeEach(() => {
  locks = createMemoryLocks();
  folder = mkdtempSync(join(tmpdir(), 'reelstream-plan-'));
  writeFileSync(join(folder, 'ratings.csv'), 'userId,movieId,rating,timestamp\n1,1,3,10\n1,2,4,11\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const plan = (target: Partial<ReplayTarget> = {}, request: Partial<ReplayRequest> = {}) =>
  planReplay(
    {
      clusterId: 'c',
      topic: 't',
      recordsWritten: 1_000,
      stateFolder: join(folder, 'state'),
      takeLock: locks.take,
      ...target,
    },
    { ratingsPath: join(folder, 'ratings.csv'), ...request },
    fresh,
  );

describe('planReplay', () => {
  it('goes on where the saved position says, under the same run and seed', async () => {
    const first = await plan();
    expect(first.run).toEqual({ kind: 'new', ...fresh, first: 0, replayEvents: 2, runAhead: 45_000 });
    await first.saveNext(2);
    await first.release();
    const second = await plan({ recordsWritten: 2 });
    expect(second.run).toEqual({ kind: 'resumed', ...fresh, first: 2, replayEvents: 2, runAhead: 45_000 });
    await second.release();
  });

  it('has its run on record before the first event', async () => {
    await (await plan()).release();
    expect((await plan()).run).toMatchObject({ kind: 'resumed', first: 0 });
  });

  it('sends less and less again when it dies again and again before anything is confirmed', async () => {
    const limits: number[] = [];
    for (let start = 0; start < 9; start++) {
      const { run, release } = await plan();
      limits.push(run.runAhead);
      await release();
    }
    expect(limits.slice(0, 4)).toEqual([45_000, 22_500, 11_250, 5_625]);
    // the last repeat of an event lies within the sink's window of 100,000 offsets after its first record
    expect(limits.reduce((sum, limit) => sum + limit, 0)).toBeLessThan(100_000);
    const confirmed = await plan();
    await confirmed.saveNext(1);
    await confirmed.release();
    expect((await plan()).run.runAhead).toBe(45_000);
  });

  it('starts over in a topic that was deleted, and lets go of the state when it refuses', async () => {
    const first = await plan();
    await first.saveNext(2);
    await first.release();
    await expect(plan({}, { seed: 12 })).rejects.toMatchObject({ code: 'usage' });
    const again = await plan({ recordsWritten: 1 });
    expect(again.run).toMatchObject({ kind: 'restarted', first: 0 });
    await expect(plan()).rejects.toMatchObject({ code: 'usage' });
  });
});
