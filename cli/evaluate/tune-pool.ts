import { Worker } from 'node:worker_threads';
import type { Order, Ratings } from '../../recommender/evaluation/ratings.ts';
import type { TuneJob, TuneResult } from '../../recommender/evaluation/tuning.ts';

export interface WorkerStart {
  readonly ratings: Ratings;
  readonly order: Order;
}

export interface TunePool {
  /** the results in the jobs' order, each handed over as soon as it is there */
  run(
    jobs: readonly TuneJob[],
    onDone: (job: TuneJob, results: TuneResult[]) => Promise<void>,
  ): Promise<void>;
  close(): Promise<void>;
}

/** Threads, one per core: every one of them takes the next job when it has done its own. */
export function createTunePool(threads: number, start: WorkerStart): TunePool {
  const workerData: WorkerStart = { ...start, ratings: shared(start.ratings) };
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('./tune-worker.js', import.meta.url), { workerData }),
  );

  const runOne = (worker: Worker, job: TuneJob): Promise<TuneResult[]> =>
    new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        worker.removeAllListeners('message');
        worker.removeAllListeners('error');
        act();
      };
      worker.once('message', (results: TuneResult[]) => settle(() => resolve(results)));
      worker.once('error', (error) => settle(() => reject(error)));
      worker.postMessage(job);
    });

  return {
    async run(jobs, onDone) {
      let next = 0;
      const work = async (worker: Worker): Promise<void> => {
        for (let job = jobs[next++]; job; job = jobs[next++]) await onDone(job, await runOne(worker, job));
      };
      await Promise.all(workers.map(work));
    },
    close: async () => void (await Promise.all(workers.map((worker) => worker.terminate()))),
  };
}

function shared(ratings: Ratings): Ratings {
  const copy = <A extends Int32Array | Uint8Array | Uint32Array>(
    from: A,
    make: (buffer: SharedArrayBuffer) => A,
  ): A => {
    const to = make(new SharedArrayBuffer(from.byteLength));
    to.set(from);
    return to;
  };
  return {
    length: ratings.length,
    userIds: copy(ratings.userIds, (buffer) => new Int32Array(buffer)),
    movieIds: copy(ratings.movieIds, (buffer) => new Int32Array(buffer)),
    halfStars: copy(ratings.halfStars, (buffer) => new Uint8Array(buffer)),
    seconds: copy(ratings.seconds, (buffer) => new Uint32Array(buffer)),
  };
}
