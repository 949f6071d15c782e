import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { Question } from '../../clickhouse/questions.ts';
import { askQuestion } from '../../clickhouse/questions-answer.ts';
import { bindParameter, optionName } from '../../clickhouse/questions-bind.ts';
import type { QuestionParameter } from '../../clickhouse/questions-parameter.ts';
import type { Values } from './bind.ts';
import { explainNoTrend } from './why-no-trend.ts';

/** Rows that a loosened question is asked for: enough to say that there are some. */
const ENOUGH_ROWS = 1_000;

/**
 * Why an answer is empty: the question is asked again with each threshold and filter loosened by itself, and the first that
 * brings rows is named. Where none does, all are loosened, and those that need not be are put back one by one.
 */
export async function explainEmpty(
  clickhouse: ClickHouse,
  question: Question,
  values: Values,
  limits: Readonly<Record<string, number>>,
): Promise<string> {
  const noTrend = question.name === 'trending' ? await explainNoTrend(clickhouse, values, limits) : null;
  if (noTrend !== null) return noTrend;
  const count = async (loosened: readonly QuestionParameter[]) => {
    const looser = { ...values, ...Object.fromEntries(loosened.map((one) => [one.name, loosest(one)])) };
    const top = question.parameters.find(({ name }) => name === 'top');
    const all = top ? { ...looser, top: { value: ENOUGH_ROWS, shown: String(ENOUGH_ROWS) } } : looser;
    return (await askQuestion(clickhouse, question, all, limits)).rows.length;
  };
  const filters = question.parameters.filter(
    (one) => isFilter(one) && values[one.name]!.shown !== loosest(one).shown,
  );
  const thresholds = filters.filter(({ name }) => isThreshold(name));
  const span = filters.filter(({ name }) => isSpan(name));
  const others = filters.filter(({ name }) => !isThreshold(name) && !isSpan(name));
  for (const loosened of [...thresholds.map((one) => [one]), span, ...others.map((one) => [one])]) {
    const rows = loosened.length === 0 ? 0 : await count(loosened);
    if (rows > 0) return say(loosened, values, rows);
  }
  if ((await count(filters)) === 0) return sayNothing(question, values);
  let needed = filters;
  for (const filter of filters) {
    const fewer = needed.filter((one) => one !== filter);
    if ((await count(fewer)) > 0) needed = fewer;
  }
  return say(needed, values, await count(needed));
}

const NOTHING: Readonly<Record<Question['source'], string>> = {
  catalogue: 'not even without filters: is a catalogue loaded (reelstream catalog load data)?',
  stream: 'not even without filters: no such ratings have arrived in that time (reelstream start sends some)',
};

const NO_SUBJECT: Readonly<Record<string, (id: string) => string>> = {
  movie_id: (id) =>
    `there is no film ${id}: the catalogue has none with this MovieLens id, and no rating of it has come`,
  user_id: (id) =>
    `there is no opinion of user ${id} that stands: none has come, or all were withdrawn or deleted`,
};

/** A question about one film or person has a word without a default. */
function sayNothing({ source, parameters }: Question, values: Values): string {
  const subject = parameters.find(({ defaultText }) => defaultText === null);
  if (!subject) return NOTHING[source];
  const { shown } = values[subject.name]!;
  return NO_SUBJECT[subject.name]?.(shown) ?? `nothing has arrived about ${subject.name} ${shown}`;
}

function say(filters: readonly QuestionParameter[], values: Values, rows: number): string {
  const given = filters.map(({ name }) => `${optionName(name)} ${values[name]!.shown}`).join(' with ');
  const without = filters.map((one) => `${optionName(one.name)} ${loosest(one).shown}`).join(' ');
  const many =
    rows >= ENOUGH_ROWS
      ? `${rows.toLocaleString('en-US')} or more rows`
      : rows === 1
        ? '1 row'
        : `${rows} rows`;
  return `nothing passes ${given}; with ${without} there would be ${many}`;
}

function isThreshold(name: string): boolean {
  return name.startsWith('min_') || name === 'share';
}

function isSpan(name: string): boolean {
  return name === 'from' || name === 'to';
}

/** Everything with a default but the clock and what only orders and cuts. */
function isFilter({ name, kind, defaultText }: QuestionParameter): boolean {
  return defaultText !== null && kind !== 'time' && !['top', 'credit'].includes(name);
}

/** What lets the most through: the lowest threshold, every name, the whole span; else the default. */
function loosest(parameter: QuestionParameter) {
  const { name, range, defaultText } = parameter;
  const text = isThreshold(name) && range ? range[0] : (defaultText ?? '');
  return bindParameter(parameter, text, { nowMs: Date.now() });
}
