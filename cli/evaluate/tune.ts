import type { EngineName } from '../../recommender/engines/create-engine.ts';
import { FOLDS } from '../../recommender/evaluation/folds.ts';
import {
  gridJobs,
  type Ranked,
  rankResults,
  searchTrials,
  survivors,
  type TuneJob,
  type TuneResult,
} from '../../recommender/evaluation/tuning.ts';
import type { TunePool } from './tune-pool.ts';
import type { TuneState } from './tune-state.ts';

export interface TuneParts {
  readonly pool: Pick<TunePool, 'run'>;
  readonly state: TuneState;
  /** jobs done, of those known so far */
  readonly onProgress: (done: number, of: number, best: Ranked | undefined) => void;
}

/** All 144 points on all folds. */
export async function tuneGrid(parts: TuneParts, seed: number): Promise<Ranked[]> {
  return rankResults(await runJobs(parts, gridJobs(seed), [], 0));
}

/**
 * Successive halving by thirds: every trial is judged on the first fold, the best third also on the second, the best third
 * of those on the third. Most of the work goes to settings that may win.
 */
export async function tuneSearch(
  parts: TuneParts,
  engine: EngineName,
  trials: number,
  seed: number,
): Promise<Ranked[]> {
  let settings = searchTrials(engine, trials, seed);
  let results: TuneResult[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const jobs = settings.map((trial): TuneJob => ({ engine, fold, seed, settings: trial, epochs: [] }));
    results = await runJobs(parts, jobs, results, results.length);
    const ranked = rankResults(results).slice(0, settings.length);
    settings = ranked.slice(0, survivors(settings.length)).map((trial) => trial.settings);
  }
  return rankResults(results);
}

async function runJobs(
  { pool, state, onProgress }: TuneParts,
  jobs: readonly TuneJob[],
  before: readonly TuneResult[],
  doneBefore: number,
): Promise<TuneResult[]> {
  const results = [...before, ...jobs.flatMap((job) => state.known(job) ?? [])];
  const open = jobs.filter((job) => state.known(job) === undefined);
  let done = doneBefore + jobs.length - open.length;
  const report = () => onProgress(done, doneBefore + jobs.length, rankResults(results)[0]);
  report();
  await pool.run(open, async (job, found) => {
    await state.add(job, found);
    results.push(...found);
    done++;
    report();
  });
  return results;
}
