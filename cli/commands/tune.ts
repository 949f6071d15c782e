import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { ENGINES, type EngineName } from '../../recommender/engines/create-engine.ts';
import { ORDERS, type Order } from '../../recommender/evaluation/ratings.ts';
import type { Ranked } from '../../recommender/evaluation/tuning.ts';
import { action, type Configure, parseInteger } from '../command.ts';
import { oneOf } from '../evaluate/one-of.ts';
import { readRatings } from '../evaluate/read-ratings.ts';
import { digits } from '../evaluate/report.ts';
import { tuneGrid, tuneSearch } from '../evaluate/tune.ts';
import { createTunePool } from '../evaluate/tune-pool.ts';
import { openTuneState } from '../evaluate/tune-state.ts';
import { createProgress, printJson, printLine, printTable } from '../print.ts';
import { sampleFolder } from '../wiring.ts';

interface Options {
  readonly ratings?: string;
  readonly engine: EngineName | 'svd';
  readonly order: Order;
  readonly trials: number;
  readonly seed: number;
  readonly threads?: number;
  readonly state?: string;
  readonly top: number;
  readonly json?: boolean;
}

const HELP = `
  svd            the known grid: factors 10, 30, 50; epochs 10, 30, 50; rate .002 to .01; regularisation .2 to .8
  sgd, blend     random settings in wide ranges, judged on one fold; the best third goes on to the next fold, twice
The best setting is the one of least RMSE; its MAE stands beside it. The folds are not those by which evaluate judges.
Found results are kept in --state, one line per job: the same command goes on where it was stopped.

Exit codes: 0 done, 1 a row of the ratings is wrong, 2 a file cannot be read or written, or an option is wrong`;

const TUNABLE = ['svd', ...ENGINES.filter((name) => name !== 'rows')] as const;

export const configure: Configure = (command) => {
  command
    .description('search settings of a rating model by 3-fold cross-validation')
    .option('--ratings <file>', 'a MovieLens ratings.csv (default: the sample)')
    .option('--engine <name>', TUNABLE.join(', '), oneOf('--engine', TUNABLE), 'svd')
    .option('--order <name>', `how the rows come: ${ORDERS.join(', ')}`, oneOf('--order', ORDERS), 'time')
    .option('--trials <n>', 'settings to try; not with svd', parseInteger('--trials', 1, 10_000), 27)
    .option('--seed <n>', 'of trials and first factors', parseInteger('--seed', 0, 1_000_000), 0)
    .option('--threads <n>', 'default: one per core', parseInteger('--threads', 1, 256))
    .option('--state <file>', 'default: tune/ in REELSTREAM_HOME, by ratings, engine and order')
    .option('--top <n>', 'settings to print', parseInteger('--top', 1, 10_000), 10)
    .option('--json', 'print all results as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async (options: Options, settings) => {
        const { engine, order, seed, trials, top, json } = options;
        const { ratings, hash } = await readRatings(
          options.ratings ?? `${sampleFolder}/ml-latest-small/ratings.csv`,
        );
        const name = `${hash.slice(0, 16)}-${engine}-${order}.jsonl`;
        const state = await openTuneState(options.state ?? resolve(settings.REELSTREAM_HOME, 'tune', name));
        const pool = createTunePool(options.threads ?? availableParallelism(), { ratings, order });
        const progress = createProgress();
        const parts = {
          pool,
          state,
          onProgress: (done: number, of: number, best: Ranked | undefined) =>
            progress.update(`${done} of ${of} jobs${best ? `, best RMSE so far ${digits(best.rmse)}` : ''}`),
        };
        try {
          const ranked =
            engine === 'svd' ? await tuneGrid(parts, seed) : await tuneSearch(parts, engine, trials, seed);
          progress.done();
          if (json) printJson({ engine, order, seed, best: ranked[0], results: ranked });
          else print(engine, ranked.slice(0, top));
        } finally {
          await pool.close();
        }
        return 0;
      }),
    );
};

function print(engine: string, ranked: readonly Ranked[]): void {
  printTable(
    ['RMSE', 'MAE', 'folds', 'factors', engine === 'svd' ? 'epochs' : 'replay', 'rate', 'regularisation'],
    ranked.map(({ settings, folds, rmse, mae }) => [
      digits(rmse),
      digits(mae),
      folds,
      settings.factors,
      settings.epochs ?? settings.replaySteps ?? null,
      String(settings.learningRate),
      String(settings.regularization),
    ]),
  );
  const best = ranked[0]!;
  printLine(
    `best by RMSE: ${JSON.stringify(best.settings)}, RMSE ${digits(best.rmse)}, MAE ${digits(best.mae)}`,
  );
}
