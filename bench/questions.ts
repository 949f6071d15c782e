import { join } from 'node:path';
import type { ClickHouse } from '../clickhouse/connection.ts';
import { type Question, readQuestions } from '../clickhouse/questions.ts';
import { askQuestion } from '../clickhouse/questions-answer.ts';
import { type BoundValue, bindParameter } from '../clickhouse/questions-bind.ts';
import { ReelstreamError } from '../core/errors.ts';
import { projectRoot } from '../runtime/environment.ts';
import { type BenchTools, withBenchStack } from './bench-stack.ts';
import { fillWithRatings, USERS } from './synthetic-ratings.ts';

export interface QuestionsBench {
  readonly events: number;
  /** rows of the aggregates that the questions read, merged as far as the engine wanted to */
  readonly aggregateRows: Readonly<Record<string, number>>;
  readonly questions: readonly QuestionTimes[];
}

export interface QuestionTimes {
  /** with the options that differ from the defaults */
  readonly name: string;
  readonly rows: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

const WARM_UPS = 2;
const RUNS = 20;
const MERGES_DEADLINE_MS = 300_000;

/** Beside each question with its defaults: the ways to ask that read the most. */
const HARDER: readonly (readonly [name: string, given: Readonly<Record<string, string>>])[] = [
  ['popular-genres', { genres: 'tmdb' }],
  ['popular-genres', { by: 'reach', from: '2015-01-01', to: '2015-12-31' }],
  ['trending', { by: 'genre', window: '7d' }],
  ['trending', { by: 'company', window: '7d' }],
  ['trending', { window: '7d' }],
  ['genre-now', { window: '14d' }],
  ['company-now', { window: '14d' }],
  ['metric', { by: 'company', and: 'year', stat: 'median' }],
  ['metric', { by: 'country', and: 'language', stat: 'mean', metric: 'runtime' }],
];

/** Every question over real views filled with synthetic ratings and the sample catalogue, asked one after the other. */
export function benchQuestions(events: number, tools: BenchTools): Promise<QuestionsBench> {
  return withBenchStack(tools, async ({ settings }) => {
    const clickhouse = tools.clickHouseFrom(settings);
    const admin = tools.kafkaAdminFrom(settings, 'reelstream-bench');
    try {
      await tools.prepareStores(settings, clickhouse, admin, tools.say);
      await fillWithRatings(clickhouse, events, (done) => {
        tools.say(`${done.toLocaleString('en-US')} of ${events.toLocaleString('en-US')} ratings`);
      });
      await untilMergesRest(clickhouse);
      const questions = await measureAll(clickhouse, tools);
      return { events, aggregateRows: await countRows(clickhouse), questions };
    } finally {
      await Promise.allSettled([clickhouse.close(), admin.close()]);
    }
  });
}

async function measureAll(clickhouse: ClickHouse, { say }: BenchTools): Promise<QuestionTimes[]> {
  const questions = readQuestions(join(projectRoot, 'clickhouse', 'questions'));
  const cases = [...questions.map(({ name }) => [name, {}] as const), ...HARDER];
  const results: QuestionTimes[] = [];
  for (const [name, given] of cases) {
    const question = questions.find((one) => one.name === name);
    if (!question) throw new ReelstreamError('usage', `there is no question ${name}`);
    const result = await measure(clickhouse, question, given);
    say(`${result.name}: p50 ${result.p50Ms.toFixed(0)} ms, p95 ${result.p95Ms.toFixed(0)} ms`);
    results.push(result);
  }
  return results;
}

async function measure(
  clickhouse: ClickHouse,
  question: Question,
  given: Readonly<Record<string, string>>,
): Promise<QuestionTimes> {
  const times: number[] = [];
  let rows = 0;
  for (let run = 0; run < WARM_UPS + RUNS; run++) {
    const values = valuesOf(question, given, run);
    const startMs = performance.now();
    rows = (await askQuestion(clickhouse, question, values)).rows.length;
    if (run >= WARM_UPS) times.push(performance.now() - startMs);
  }
  times.sort((a, b) => a - b);
  const options = Object.entries(given).map(([name, value]) => `${name}=${value}`);
  return {
    name: [question.name, ...options].join(' '),
    rows,
    p50Ms: times[Math.floor(RUNS * 0.5)]!,
    p95Ms: times[Math.ceil(RUNS * 0.95) - 1]!,
  };
}

/** Films and persons differ from run to run: a question about one of them must not be asked of the cache. */
function valuesOf(
  question: Question,
  given: Readonly<Record<string, string>>,
  run: number,
): Record<string, BoundValue> {
  const ids: Readonly<Record<string, number>> = { movie_id: 1 + run, user_id: 1 + ((run * 7_919) % USERS) };
  return Object.fromEntries(
    question.parameters.map((parameter) => {
      const text = given[parameter.name] ?? parameter.defaultText ?? String(ids[parameter.name] ?? 1);
      return [parameter.name, bindParameter(parameter, text, { nowMs: Date.now() })];
    }),
  );
}

async function untilMergesRest(clickhouse: ClickHouse): Promise<void> {
  const deadlineMs = performance.now() + MERGES_DEADLINE_MS;
  while (performance.now() < deadlineMs) {
    const [merges] = await clickhouse.query<{ n: number }>(
      'SELECT toInt32(count()) AS n FROM system.merges WHERE database = currentDatabase()',
    );
    if (merges?.n === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function countRows(clickhouse: ClickHouse): Promise<Record<string, number>> {
  const rows = await clickhouse.query<{ table: string; n: number }>(
    `SELECT table, toFloat64(sum(rows)) AS n FROM system.parts
     WHERE database = currentDatabase() AND active AND table LIKE '%_ratings%' GROUP BY table ORDER BY table`,
  );
  return Object.fromEntries(rows.map(({ table, n }) => [table, n]));
}
