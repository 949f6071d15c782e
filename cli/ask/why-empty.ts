import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { Question } from '../../clickhouse/questions.ts';
import { askQuestion } from '../../clickhouse/questions-answer.ts';
import { bindParameter, optionName } from '../../clickhouse/questions-bind.ts';
import type { QuestionParameter } from '../../clickhouse/questions-parameter.ts';
import type { Values } from './bind.ts';

/** Rows that a loosened question is asked for: enough to say that there are some. */
const ENOUGH_ROWS = 1_000;

/**
 * Why an answer is empty: the question is asked again with each threshold and filter loosened by itself, and the first that
 * brings rows is named; then all together.
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
  const others = filters.filter(({ name }) => !isThreshold(name));
  for (const filter of [...thresholds, ...others]) {
    const rows = await count([filter]);
    if (rows > 0) return say([filter], values, rows);
  }
  for (const together of [thresholds, filters]) {
    if (together.length < 2) continue;
    const rows = await count(together);
    if (rows > 0) return say(together, values, rows);
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

function isFilter({ name, kind }: QuestionParameter): boolean {
  return isThreshold(name) || ['genre', 'company'].includes(kind) || name === 'from' || name === 'to';
}

/** What lets the most through: the lowest threshold, every name, the whole span. */
function loosest(parameter: QuestionParameter) {
  const { name, range, defaultText } = parameter;
  const text = isThreshold(name) && range ? range[0] : (defaultText ?? '');
  return bindParameter(parameter, text, { nowMs: Date.now() });
}
