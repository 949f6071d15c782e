import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { Question } from '../../clickhouse/questions.ts';
import { askQuestion } from '../../clickhouse/questions-answer.ts';
import { bindParameter, optionName } from '../../clickhouse/questions-bind.ts';
import type { QuestionParameter } from '../../clickhouse/questions-parameter.ts';
import type { Values } from './bind.ts';

/** Rows that a loosened question is asked for: enough to say that there are some. */
const ENOUGH_ROWS = 1_000;

/**
 * Why an answer is empty: the question is asked again with each threshold and filter loosened by itself, then together, and
 * the first that brings rows is named.
 */
export async function explainEmpty(
  clickhouse: ClickHouse,
  question: Question,
  values: Values,
  limits: Readonly<Record<string, number>>,
): Promise<string> {
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
  const names = filters.filter(({ name }) => !isThreshold(name) && !isSpan(name));
  const one = (filter: QuestionParameter) => [filter];
  for (const loosened of [...thresholds.map(one), span, ...names.map(one), thresholds, filters]) {
    if (loosened.length === 0) continue;
    const rows = await count(loosened);
    if (rows > 0) return say(loosened, values, rows);
  }
  return question.source === 'catalogue'
    ? 'nothing to answer from: is a catalogue loaded (reelstream catalog load data)?'
    : 'nothing to answer from: no such ratings have arrived (reelstream start sends some)';
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

function isFilter({ name, kind }: QuestionParameter): boolean {
  return isThreshold(name) || isSpan(name) || kind === 'genre' || kind === 'company';
}

/** What lets the most through: the lowest threshold, every name, the whole span. */
function loosest(parameter: QuestionParameter) {
  const { name, range, defaultText } = parameter;
  const text = isThreshold(name) && range ? range[0] : (defaultText ?? '');
  return bindParameter(parameter, text, { nowMs: Date.now() });
}
