import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { Question } from '../../clickhouse/questions.ts';
import { type Answer, askQuestion } from '../../clickhouse/questions-answer.ts';
import { optionName, writtenName } from '../../clickhouse/questions-bind.ts';
import { Problem } from '../../console/server/problem.ts';
import type { AskedAnswer, AskedChart, QuestionDesk } from '../../console/server/questions.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { bindParameters, type GivenTexts } from '../ask/bind.ts';
import { roundedUp } from '../ask/chart-axis.ts';
import { planChart } from '../ask/chart-plan.ts';
import { coverageLine } from '../ask/describe.ts';
import { columnText } from '../ask/numbers.ts';
import { explainEmpty } from '../ask/why-empty.ts';

/** The console asks the named questions by the very code that `ask` asks them with. */
export function createQuestionDesk(
  questions: readonly Question[],
  clickhouse: ClickHouse,
  limits: Readonly<Record<string, number>>,
): QuestionDesk {
  return {
    forms: questions.map(({ name, summary, source, definition, caveats, parameters }) => ({
      name,
      summary,
      source,
      definition,
      caveats,
      parameters,
    })),
    async ask(name, given) {
      const question = questions.find((one) => one.name === name)!;
      return answer(question, given, clickhouse, limits).catch((thrown: unknown) => {
        throw namingField(thrown, question);
      });
    },
  };
}

async function answer(
  question: Question,
  given: GivenTexts,
  clickhouse: ClickHouse,
  limits: Readonly<Record<string, number>>,
): Promise<AskedAnswer> {
  const values = await bindParameters(question, given, { clickhouse, limits, nowMs: Date.now() });
  const found = await askQuestion(clickhouse, question, values, limits);
  const isEmpty = found.rows.length === 0;
  const reason = isEmpty ? await explainEmpty(clickhouse, question, values, limits) : null;
  return {
    title: found.title,
    coverage: coverageLine(found),
    caveats: question.caveats,
    columns: found.columns.map(({ name, unit, text, isNumber }) => ({ name, unit, text, isNumber })),
    rows: textsOf(found),
    chart: isEmpty ? null : chartOf(found),
    reason: reason === null ? null : withoutDashes(reason),
  };
}

function textsOf({ columns, rows }: Answer): string[][] {
  const texts = columns.map((column) => {
    const cells = rows.map((row) => row[column.name] ?? null);
    return cells.map(columnText(column, cells));
  });
  return rows.map((_, row) => texts.map((column) => column[row]!));
}

function chartOf(found: Answer): AskedChart | null {
  const plan = planChart(found);
  if (!plan) return null;
  const { kind, title, subtitle, categories } = plan;
  const series = plan.series.map(({ name, values }) => ({
    name,
    values,
    texts: values.map((value) => (value === null ? '' : plan.text(value))),
  }));
  const known = plan.series.flatMap(({ values }) => values.filter((value) => value !== null));
  const ticks = ticksOver(known).map((value) => ({ value, text: plan.text(value) }));
  return { kind, title, subtitle, categories, ticks, series };
}

function ticksOver(values: readonly number[]): number[] {
  const top = Math.max(0, ...values);
  const bottom = Math.min(0, ...values);
  const rising = top > 0 ? [0.25, 0.5, 0.75, 1].map((share) => share * roundedUp(top)) : [];
  return [...(bottom < 0 ? [-roundedUp(-bottom)] : []), 0, ...rising];
}

/** A form has fields where the command line has options. */
function namingField(thrown: unknown, { parameters }: Question): unknown {
  if (!(thrown instanceof ReelstreamError) || thrown.code !== 'usage') return thrown;
  const named = parameters.find((one) =>
    [
      `${optionName(one.name)}:`,
      `${writtenName(one)}:`,
      `${one.name} is missing`,
      `${optionName(one.name)} `,
    ].some((start) => thrown.message.startsWith(start)),
  );
  if (!named) return new Problem(400, withoutDashes(thrown.message));
  const text = thrown.message.replace(/^(--[a-z-]+|<\w+>): /, '');
  return new Problem(400, withoutDashes(text), named.name);
}

const withoutDashes = (text: string): string =>
  text.replaceAll(/--([a-z]+(?:-[a-z]+)*)/g, (_, name: string) => name.replaceAll('-', ' '));
