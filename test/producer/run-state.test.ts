import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseRun, type RunPosition, withPosition } from '../../producer/run-state.ts';
import { openStateFile } from '../../producer/state-file.ts';
import { createMemoryLocks, type MemoryLocks } from './memory-locks.ts';

const fresh = { runId: '0000000000fresh'.replace(/[g-z]/g, '0'), seed: 99 };
const run = (changes: Partial<RunPosition> = {}): RunPosition => ({
  runId: '00000000000000a',
  ratingsHash: 'file',
  seed: 5,
  next: 40,
  pinned: false,
  ...changes,
});

describe('chooseRun', () => {
  it('begins a random run, or the one that was named', () => {
    expect(chooseRun([], { ratingsHash: 'file' }, 0, fresh)).toEqual({
      kind: 'new',
      position: { ...fresh, ratingsHash: 'file', pinned: false, next: 0 },
    });
    expect(
      chooseRun([run()], { ratingsHash: 'file', runId: '00000000000000b', seed: 0 }, 100, fresh),
    ).toEqual({
      kind: 'new',
      position: { runId: '00000000000000b', seed: 0, ratingsHash: 'file', pinned: true, next: 0 },
    });
  });

  it('goes on with the run of the file, or with the one that is named', () => {
    const known = [run(), run({ runId: '00000000000000b', pinned: true, next: 7 })];
    expect(chooseRun(known, { ratingsHash: 'file' }, 100, fresh)).toEqual({
      kind: 'resumed',
      position: known[0],
    });
    for (const at of [0, 1]) {
      expect(chooseRun(known, { ratingsHash: 'file', runId: known[at]!.runId }, 100, fresh).position).toBe(
        known[at],
      );
    }
    expect(chooseRun(known, { ratingsHash: 'other' }, 100, fresh).kind).toBe('new');
  });

  it('starts over when the topic has taken fewer records than the run got acknowledged', () => {
    expect(chooseRun([run()], { ratingsHash: 'file' }, 40, fresh).kind).toBe('resumed');
    expect(chooseRun([run()], { ratingsHash: 'file' }, 39, fresh)).toEqual({
      kind: 'restarted',
      position: run({ runId: fresh.runId, next: 0 }),
    });
    const pinned = run({ pinned: true });
    expect(chooseRun([pinned], { ratingsHash: 'file', runId: pinned.runId }, 0, fresh).position).toEqual(
      run({ pinned: true, next: 0 }),
    );
  });

  it('refuses to let one run id stand for two contents', () => {
    const ask = (request: object) => () =>
      chooseRun([run()], { ratingsHash: 'file', ...request }, 100, fresh);
    expect(ask({ seed: 6 })).toThrow(/seed 5/);
    expect(ask({ runId: run().runId, ratingsHash: 'other' })).toThrow(/another ratings file/);
    expect(ask({ seed: 5 })).not.toThrow();
  });
});

describe('withPosition', () => {
  it('replaces the run, and the run of the same file that it follows', () => {
    const other = run({ runId: '00000000000000b', pinned: true });
    const moved = run({ next: 50 });
    expect(withPosition([run(), other], moved)).toEqual([other, moved]);
    const restarted = run({ runId: '00000000000000c', next: 0 });
    expect(withPosition([run(), other], restarted)).toEqual([other, restarted]);
    const elsewhere = run({ runId: '00000000000000d', ratingsHash: 'other' });
    expect(withPosition([run(), other], elsewhere)).toEqual([run(), other, elsewhere]);
  });
});

describe('openStateFile', () => {
  let folder: string;
  let locks: MemoryLocks;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reelstream-state-'));
    locks = createMemoryLocks();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const open = (clusterId = 'c', topic = 't', where = folder) =>
    openStateFile(where, clusterId, topic, locks.take);

  it('gives back what was saved, per cluster and topic', async () => {
    const inNew = (cluster: string, topic: string) => open(cluster, topic, join(folder, 'new'));
    const state = await inNew('Cluster-1', 'ratings');
    expect(state.positions).toEqual([]);
    await state.save([run()]);
    await state.save([run({ next: 41 })]);
    await state.release();
    const again = await inNew('Cluster-1', 'ratings');
    expect(again.positions).toEqual([run({ next: 41 })]);
    await again.release();
    for (const [cluster, topic] of [
      ['Cluster-2', 'ratings'],
      ['Cluster-1', 'ratings.2'],
    ] as const) {
      const other = await inNew(cluster, topic);
      expect(other.positions).toEqual([]);
      await other.release();
    }
  });

  it('is held by one producer at a time', async () => {
    const state = await open();
    expect([...locks.held]).toEqual([join(folder, 'c.t.json.lock')]);
    await expect(open()).rejects.toMatchObject({ code: 'usage' });
    await state.release();
    await (await open()).release();
    expect(locks.held.size).toBe(0);
  });

  it.each(['', '{', '{"runs":[{}]}', '{"runs":[{"runId":"x"}]}', 'null'])(
    'refuses to guess when it reads %s, and lets go',
    async (text) => {
      writeFileSync(join(folder, 'c.t.json'), text);
      await expect(open()).rejects.toMatchObject({ code: 'bad_data' });
      expect(locks.held.size).toBe(0);
    },
  );
});
