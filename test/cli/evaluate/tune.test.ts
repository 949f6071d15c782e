import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tuneGrid, tuneSearch } from '../../../cli/evaluate/tune.ts';
import type { TunePool } from '../../../cli/evaluate/tune-pool.ts';
import { openTuneState } from '../../../cli/evaluate/tune-state.ts';
import { createChance } from '../../../core/chance.ts';
import { orderOf, type Ratings } from '../../../recommender/evaluation/ratings.ts';
import { runJob, type TuneJob, tuningFolds } from '../../../recommender/evaluation/tuning.ts';

const chance = createChance(3, 'test');
const ROWS = 600;
const ratings: Ratings = {
  length: ROWS,
  userIds: Int32Array.from({ length: ROWS }, (_, n) => 1 + (n % 30)),
  movieIds: Int32Array.from({ length: ROWS }, (_, n) => 1 + Math.floor(n / 30)),
  halfStars: Uint8Array.from({ length: ROWS }, (_, n) => 1 + chance.below(n, 10)),
  seconds: Uint32Array.from({ length: ROWS }, (_, n) => 1_000_000 + n),
};
const order = orderOf(ratings, 'time', 0);
const folds = tuningFolds(ratings);

/** The pool's work in this thread; breaks off where a test wants it. */
function inlinePool(stopAfter = Number.POSITIVE_INFINITY) {
  const done: TuneJob[] = [];
  const pool: Pick<TunePool, 'run'> = {
    async run(jobs, onDone) {
      for (const job of jobs) {
        if (done.length >= stopAfter) throw new Error('stopped');
        done.push(job);
        await onDone(job, runJob(job, ratings, order, folds));
      }
    },
  };
  return { pool, done };
}

describe('tune', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reelstream-tune-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const parts = async (file: string, pool: Pick<TunePool, 'run'>) => ({
    pool,
    state: await openTuneState(join(folder, file)),
    onProgress: () => undefined,
  });

  it('ranks the 144 points of the grid by RMSE, from 48 fits per fold', async () => {
    const { pool, done } = inlinePool();
    const ranked = await tuneGrid(await parts('grid', pool), 0);
    expect(done).toHaveLength(144);
    expect(ranked).toHaveLength(144);
    expect(ranked.map(({ rmse }) => rmse)).toEqual(ranked.map(({ rmse }) => rmse).sort((a, b) => a - b));
    expect(ranked.every(({ folds: seen, mae }) => seen === 3 && mae > 0)).toBe(true);
  });

  it('goes on where it was stopped, and does a line again that was cut short', async () => {
    const whole = await tuneSearch(await parts('whole', inlinePool().pool), 'sgd', 6, 1);
    const first = inlinePool(4);
    await expect(tuneSearch(await parts('cut', first.pool), 'sgd', 6, 1)).rejects.toThrow('stopped');
    await appendFile(join(folder, 'cut'), '\n{"key":"{\\"engine');
    const second = inlinePool();
    const resumed = await tuneSearch(await parts('cut', second.pool), 'sgd', 6, 1);
    expect(resumed).toEqual(whole);
    // 6 trials on the first fold, 2 on the second, 1 on the third
    expect(first.done.length + second.done.length).toBe(9);
    expect(
      (await readFile(join(folder, 'cut'), 'utf8'))
        .split('\n')
        .filter((line) => line.startsWith('{"key":"{\\"engine\\":')),
    ).toHaveLength(9);
  });

  it('tries the engine as it is first, so that a better setting is better than it', async () => {
    const ranked = await tuneSearch(await parts('search', inlinePool().pool), 'sgd', 3, 1);
    expect(ranked[0]!.folds).toBe(3);
    expect(ranked.some(({ settings }) => settings.factors === 50 && settings.learningRate === 0.2)).toBe(
      true,
    );
  });
});
