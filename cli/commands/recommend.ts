import type { Settings } from '../../runtime/settings.ts';
import { action, type Configure, parseInteger } from '../command.ts';
import { printJson } from '../print.ts';
import type { Advice, Question } from '../recommend/advice.ts';
import { askApi } from '../recommend/ask-api.ts';
import { readFilmNames } from '../recommend/film-names.ts';
import { printAdvice } from '../recommend/print-advice.ts';
import { adviseFromSnapshot } from '../recommend/read-snapshot.ts';
import { recommenderFolder } from '../recommender/state-place.ts';
import { clickHouseFrom, sampleFolder } from '../wiring.ts';

interface Options {
  readonly why?: boolean;
  readonly limit?: number;
  readonly offline?: boolean;
  readonly json?: boolean;
}

const MAX_USER_ID = 2 ** 31 - 1;
const CLICKHOUSE_TIMEOUT_MS = 5_000;

const HELP = `
Asks the running recommender at REELSTREAM_RECOMMENDER_URL, so the list is the one that a site would get now. Where nobody
answers, it is read from the newest snapshot in REELSTREAM_HOME: as things stood then, which the last line tells. Titles
then come from ClickHouse, or while that is away too, from the sample.

"from" says whether a film is close to what the user did (personal) or fills the list up with what most people like (cold).

Exit codes: 0 here is the list, 1 there is no such user, 2 wrong use, 3 the recommender is starting, or neither it nor a
snapshot is there`;

export const configure: Configure = (command) => {
  command
    .description('what a user is recommended at this moment')
    .option('--why', 'for each film what of the user led to it, and the newest of what the user did')
    .option('--limit <n>', 'how many films (default: TOP_N)', parseInteger('--limit', 1, 1_000))
    .option('--offline', 'from the newest snapshot, also while the recommender runs')
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async (options: Options, settings, user: string) => {
        const userId = parseInteger('<user>', 1, MAX_USER_ID)(user);
        const question = { userId, limit: options.limit ?? settings.TOP_N, why: options.why === true };
        const advice = await answer(question, options.offline === true, settings);
        if (options.json) printJson(advice);
        else printAdvice(advice, question.why);
        return 0;
      }),
    );
};

async function answer(question: Question, isOffline: boolean, settings: Settings): Promise<Advice> {
  const { REELSTREAM_RECOMMENDER_URL: url, REELSTREAM_API_KEY: key } = settings;
  const told = isOffline ? null : await askApi({ url, key }, question);
  if (told !== null) return told;
  if (!isOffline) process.stderr.write(`nobody answers at ${url}: from the newest snapshot\n`);
  const clickhouse = clickHouseFrom(settings, { requestTimeoutMs: CLICKHOUSE_TIMEOUT_MS });
  try {
    const folder = recommenderFolder(settings);
    return await adviseFromSnapshot(folder, question, () => readFilmNames(clickhouse, sampleFolder));
  } finally {
    await clickhouse.close();
  }
}
