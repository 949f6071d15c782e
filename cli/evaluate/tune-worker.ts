import { parentPort, workerData } from 'node:worker_threads';
import { orderOf } from '../../recommender/evaluation/ratings.ts';
import { runJob, type TuneJob, tuningFolds } from '../../recommender/evaluation/tuning.ts';
import type { WorkerStart } from './tune-pool.ts';

/** One thread of a search: takes a job, answers with its results. The ratings are shared, not copied. */
const { ratings, order: orderName } = workerData as WorkerStart;
const order = orderOf(ratings, orderName, 0);
const folds = tuningFolds(ratings);

parentPort!.on('message', (job: TuneJob) => {
  parentPort!.postMessage(runJob(job, ratings, order, folds));
});
