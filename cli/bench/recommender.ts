import { Option } from 'commander';
import { benchRecommender, type RecommenderBench } from '../../bench/recommender.ts';
import { findRiver, type StreamPass } from '../../bench/river.ts';
import type { SampleBench } from '../../bench/sample-stream.ts';
import type { Cell } from '../print.ts';
import { sampleFolder } from '../wiring.ts';
import { type Bench, benchTools } from './bench.ts';

/** Rates and errors over the sample; ratios only where both were measured in this run. */
export function sampleRows({ riverVersion, riverBiasedMf, ratios, ...own }: SampleBench): [string, Cell][] {
  const river = `river ${riverVersion ?? '(reference of another run)'}, BiasedMF`;
  const passes: [string, StreamPass][] = [
    ['sgd with replay and drift', own.sgd],
    ['rows with drift, without replay', own.rowsWithoutReplay],
    [river, riverBiasedMf],
  ];
  return [
    ...passes.flatMap(([name, { eventsPerSecond, rmse, rmseLast20 }]): [string, Cell][] => [
      [`sample, ${name}, events per CPU second`, eventsPerSecond],
      ['  RMSE of predicting, then learning', rmse.toFixed(4)],
      ['  of the last fifth', rmseLast20.toFixed(4)],
    ]),
    ...(ratios
      ? ([
          ['sample, ratio of rates, sgd / river', ratios.sgd],
          ['sample, ratio of rates, rows / river', ratios.rowsWithoutReplay],
        ] as [string, Cell][])
      : []),
  ];
}

export const recommender: Bench<RecommenderBench> = {
  name: 'recommender',
  summary: 'learning and ranking alone, in one thread: events per CPU second, lists of 20, bytes',
  events: 200_000,
  options: [
    new Option('--python <path>', 'a Python whose river is run on the sample too, if it has one').default(
      'python3',
    ),
  ],
  run: async (events, { python = 'python3' }) => {
    const river = await findRiver(python, process.env);
    if (!river)
      benchTools.say(`${python} has no river: its figures are a reference of another run, without ratios`);
    return benchRecommender(events, `${sampleFolder}/ml-latest-small/ratings.csv`, river);
  },
  rows: ({ sample, engines, top20Ms, coldTop20Ms, bytes, snapshot, ...size }) => [
    ...sampleRows(sample),
    ...(Object.entries(size) as [string, Cell][]),
    ...engines.flatMap(({ engine, ...rates }): [string, Cell][] => [
      [`${engine}: whole path, events per CPU second`, rates.wholePathPerSecond],
      [`${engine}: model alone`, rates.modelPerSecond],
      [`${engine}: model alone, replay left for later`, rates.withoutReplayPerSecond],
    ]),
    ['list of 20, p50 (ms)', top20Ms.p50],
    ['list of 20, p99 (ms)', top20Ms.p99],
    ['list of 20 for somebody new, p99 (ms)', coldTop20Ms.p99],
    ['bytes per user, without opinions', bytes.perUser],
    ['bytes per film', bytes.perFilm],
    ['bytes per opinion', bytes.perRating],
    ['snapshot, MB', snapshot.megabytes],
    ['snapshot copied (ms)', snapshot.copyMs],
    ['snapshot restored (ms)', snapshot.restoreMs],
  ],
};
