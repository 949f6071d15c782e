import { LEARNERS, type LearnerName } from '../../recommender/evaluation/learners.ts';
import { ORDERS, type Order } from '../../recommender/evaluation/ratings.ts';
import { action, type Configure, parseInteger } from '../command.ts';
import { modelSettingsFrom } from '../evaluate/model-settings.ts';
import { oneOf } from '../evaluate/one-of.ts';
import { PROTOCOLS, type Protocol, RUN } from '../evaluate/protocols.ts';
import { readRatings } from '../evaluate/read-ratings.ts';
import { createProgress, printJson, printLine, printTable } from '../print.ts';
import { sampleFolder } from '../wiring.ts';

interface Options {
  readonly ratings?: string;
  readonly protocol: Protocol;
  readonly engine: readonly LearnerName[];
  readonly order: Order;
  readonly folds: string;
  readonly seed: number;
  readonly json?: boolean;
}

const DEFAULT_ENGINES: readonly LearnerName[] = ['blend', 'rows', 'sgd', 'biases', 'svd'];

const HELP = `
Protocols:
  cv3           learn two folds of three, predict the third; --order says how the rows come
  prequential   in order of time, each rating predicted by a model that has learned all before it
  last10        rank the catalogue for each user, find the last ten films the user rated
  next-session  the same for the first ten after a pause of more than a day
  cold-start    the first list of each new user against the user's first twenty films
  storms        what corrections, withdrawals and watches without a rating leave behind
  shards        cv3 of sgd with its users parted among up to 8 recommenders (docs/scaling.md)
Folds hash3: fnv1a32("<user>:<film>") mod 3, over the decimal ids; any program can make them again.
MODEL_N_FACTORS, MODEL_N_EPOCHS, MODEL_LR_ALL and MODEL_REG_ALL count here as they do for the service.
Rankings are over all films, never over a sample. Equal seeds give equal figures, to the last digit.

Exit codes: 0 done, 1 a row of the ratings is wrong, 2 the file cannot be read or an option is wrong`;

export const configure: Configure = (command) => {
  command
    .description('how good the recommender is on a file of ratings, beside the batch model and others')
    .option('--ratings <file>', 'a MovieLens ratings.csv (default: the sample)')
    .option('--protocol <name>', PROTOCOLS.join(', '), oneOf('--protocol', PROTOCOLS), 'cv3')
    .option('--engine <names>', `${LEARNERS.join(', ')}; several with commas`, parseEngines, DEFAULT_ENGINES)
    .option('--order <name>', `with cv3 and shards: ${ORDERS.join(', ')}`, oneOf('--order', ORDERS), 'time')
    .option('--folds <rule>', 'with cv3', oneOf('--folds', ['hash3']), 'hash3')
    .option('--seed <n>', 'of random orders and first factors', parseInteger('--seed', 0, 1_000_000), 0)
    .option('--json', 'print the figures as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async ({ ratings: path, protocol, engine, order, seed, json }: Options, settings) => {
        const { ratings, hash } = await readRatings(path ?? `${sampleFolder}/ml-latest-small/ratings.csv`);
        const progress = createProgress();
        const report = RUN[protocol]({
          ratings,
          hash,
          engines: engine,
          order,
          seed,
          model: modelSettingsFrom(settings),
          say: progress.update,
        });
        progress.done(`${protocol}: ${ratings.length.toLocaleString('en-US')} ratings, seed ${seed}`);
        if (json) printJson({ protocol, seed, ratings: { hash, rows: ratings.length }, ...report.figures });
        else {
          printLine(report.title);
          printTable(report.columns, report.rows);
          for (const note of report.notes) printLine(note);
        }
        return 0;
      }),
    );
};

function parseEngines(text: string): readonly LearnerName[] {
  return text.split(',').map((name) => oneOf('--engine', LEARNERS)(name.trim()));
}
