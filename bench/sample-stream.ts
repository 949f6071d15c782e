import type { RatingsTable } from '../producer/ratings-table.ts';
import type { EngineName } from '../recommender/engines/create-engine.ts';
import { createEventCursor } from '../recommender/evaluation/learners.ts';
import { recommenderDefaults } from '../recommender/options.ts';
import { createRecommender } from '../recommender/recommender.ts';
import { perCpuSecond } from './cpu-rate.ts';
import { RIVER_REFERENCE, type River, type StreamPass } from './river.ts';

/** Predict and learn with drift, over the sample's ratings in order of time; the fastest of some passes, by turns. */
export interface SampleBench {
  readonly sgd: StreamPass;
  readonly rowsWithoutReplay: StreamPass;
  readonly riverBiasedMf: StreamPass;
  /** null: there was none to run, its figures are those of another run and no ratio means anything */
  readonly riverVersion: string | null;
  /** our events per CPU second by river's */
  readonly ratios: { readonly sgd: number; readonly rowsWithoutReplay: number } | null;
}

/** The first ones are also compiled, which a service that runs for days pays once. */
const PASSES = 5;

export async function benchSample(ratings: RatingsTable, river: River | null): Promise<SampleBench> {
  const passes = { sgd: [] as StreamPass[], rows: [] as StreamPass[], river: [] as StreamPass[] };
  for (let n = 0; n < PASSES; n++) {
    passes.sgd.push(passOver(ratings, 'sgd', true));
    passes.rows.push(passOver(ratings, 'rows', false));
    if (river) passes.river.push(await river.pass(ratings));
  }
  const [sgd, rowsWithoutReplay] = [fastest(passes.sgd), fastest(passes.rows)];
  const riverBiasedMf = river ? fastest(passes.river) : RIVER_REFERENCE;
  const ratio = ({ eventsPerSecond }: StreamPass) => eventsPerSecond / riverBiasedMf.eventsPerSecond;
  return {
    ...{ sgd, rowsWithoutReplay, riverBiasedMf, riverVersion: river?.version ?? null },
    ratios: river && { sgd: ratio(sgd), rowsWithoutReplay: ratio(rowsWithoutReplay) },
  };
}

function passOver(ratings: RatingsTable, engine: EngineName, replayInPath: boolean): StreamPass {
  const recommender = createRecommender({ ...recommenderDefaults(engine), ranking: false, replayInPath });
  const event = createEventCursor(ratings);
  const predicted = new Float64Array(ratings.length);
  const eventsPerSecond = perCpuSecond(ratings.length, (n) => {
    recommender.apply(event(n));
    predicted[n] = recommender.scored.predicted;
  });
  const squares = predicted.map((stars, n) => (stars - ratings.halfStars[n]! / 2) ** 2);
  return {
    eventsPerSecond,
    rmse: rootMean(squares),
    rmseLast20: rootMean(squares.subarray(Math.floor(squares.length * 0.8))),
  };
}

function fastest(passes: readonly StreamPass[]): StreamPass {
  return passes.reduce((best, pass) => (pass.eventsPerSecond > best.eventsPerSecond ? pass : best));
}

const rootMean = (squares: Float64Array): number =>
  Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
