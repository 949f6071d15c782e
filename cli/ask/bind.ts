import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { Question } from '../../clickhouse/questions.ts';
import { type BoundValue, bindParameter } from '../../clickhouse/questions-bind.ts';
import type { QuestionParameter } from '../../clickhouse/questions-parameter.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { didYouMean } from '../suggest.ts';
import { findNames } from './names.ts';

/** What was written for each parameter; what is missing takes its default. */
export type GivenTexts = Readonly<Record<string, string | readonly string[] | undefined>>;

export type Values = Readonly<Record<string, BoundValue>>;

export interface BindTools {
  readonly clickhouse: ClickHouse;
  readonly limits: Readonly<Record<string, number>>;
  readonly nowMs: number;
}

/** Every parameter of a question with its value. @throws ReelstreamError `usage` for the first that is wrong */
export async function bindParameters(
  question: Question,
  given: GivenTexts,
  tools: BindTools,
): Promise<Values> {
  const values: Record<string, BoundValue> = {};
  for (const parameter of question.parameters) {
    values[parameter.name] = await bindOne(parameter, given[parameter.name], tools);
  }
  refuseBackwards(values);
  return values;
}

/** The year of `--year` stands for both ends of a span of years; spans of days become that year's. */
export function spreadYear(question: Question, given: GivenTexts, year: string | undefined): GivenTexts {
  if (year === undefined) return given;
  if (given.from !== undefined || given.to !== undefined) {
    throw new ReelstreamError('usage', '--year stands for --from and --to: give one or the other');
  }
  if (!/^\d{4}$/.test(year)) throw new ReelstreamError('usage', `--year: "${year}" is not a year`);
  const kindOf = (name: string) => question.parameters.find((one) => one.name === name)?.kind;
  return {
    ...given,
    from: kindOf('from') === 'date' ? `${year}-01-01` : year,
    to: kindOf('to') === 'date' ? `${year}-12-31` : year,
  };
}

/** Whether a question has a span that `--year` can stand for. */
export function hasSpan({ parameters }: Question): boolean {
  return ['from', 'to'].every((name) =>
    parameters.some((one) => one.name === name && (one.kind === 'year' || one.kind === 'date')),
  );
}

async function bindOne(
  parameter: QuestionParameter,
  given: string | readonly string[] | undefined,
  { clickhouse, limits, nowMs }: BindTools,
): Promise<BoundValue> {
  const { kind, name, defaultText } = parameter;
  const text = given ?? defaultText;
  if (text === null) throw new ReelstreamError('usage', `${name} is missing: ${parameter.text}`);
  const context = { nowMs, suggest: didYouMean };
  if (kind !== 'genre' && kind !== 'company') return bindParameter(parameter, String(text), context);
  const texts = typeof text === 'string' ? [text] : text;
  if (texts.length === 1 && texts[0] === 'all') return bindParameter(parameter, 'all', context);
  const { ids, shown } = await findNames(clickhouse, kind, texts, limits);
  return bindParameter(parameter, shown, { ...context, ids });
}

function refuseBackwards({ from, to }: Values): void {
  if (!from || !to || from.value <= to.value) return;
  throw new ReelstreamError('usage', `--from ${from.shown} is after --to ${to.shown}`);
}
