import { fillPlaceholders } from '../../clickhouse/questions.ts';
import type { Answer } from '../../clickhouse/questions-answer.ts';
import type { QuestionParameter } from '../../clickhouse/questions-parameter.ts';
import { cellText } from './numbers.ts';

/** The coverage line with the whole's figures in place; empty without rows, when nobody knows them. */
export function coverageLine({ question, totals, rows, values }: Answer): string {
  const [first] = rows;
  if (!first) return '';
  const figures = Object.fromEntries(
    totals.map((total) => [total.name, cellText(first[total.name] ?? null, total)]),
  );
  const shown = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.shown]));
  return fillPlaceholders(question.coverage, { ...shown, ...figures });
}

/** What was asked for beside the name: every value that is not the default, and the thresholds whatever they are. */
export function askedLine(asked: Pick<Answer, 'question' | 'values'>): string {
  return toldParameters(asked)
    .map(({ name }) => `${name.replaceAll('_', '-')} ${asked.values[name]!.shown}`)
    .join(', ');
}

/** The same for a picture, which people see who never heard of the options. */
export function askedInWords(asked: Pick<Answer, 'question' | 'values'>): string {
  return toldParameters(asked)
    .map(({ name, text }) => {
      const { shown } = asked.values[name]!;
      return name.startsWith('min_') ? `${text}: ${shown}` : `${name.replaceAll('_', ' ')} ${shown}`;
    })
    .join(' · ');
}

function toldParameters({ question, values }: Pick<Answer, 'question' | 'values'>): QuestionParameter[] {
  return question.parameters.filter(({ name, kind, defaultText }) => {
    const { shown } = values[name]!;
    if (question.title.includes(`{${name}}`) || name === 'top') return false;
    // a threshold of one keeps nothing out
    if (name.startsWith('min_')) return shown !== '1';
    return kind === 'time' ? defaultText !== null : shown !== defaultText;
  });
}

/**
 * The chart's columns by their real names: `revenue_{credit}` is revenue_full or revenue_fractional. A choice may leave a
 * figure empty (a median knows no shares): then the first other choice that has figures is drawn.
 */
export function chartColumns(answer: Answer): {
  readonly value: string;
  readonly labels: readonly string[];
  readonly series: string | null;
} {
  const { question, values, rows } = answer;
  const shown = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.shown]));
  const real = (name: string) => fillPlaceholders(name, shown);
  const { value, labels, series } = question.chart;
  const others = question.parameters.flatMap(({ name, choices }) =>
    value.includes(`{${name}}`) ? choices.map((choice) => value.replace(`{${name}}`, choice)) : [],
  );
  const drawn = [real(value), ...others].find((name) => rows.some((row) => typeof row[name] === 'number'));
  return {
    value: drawn ?? real(value),
    labels: labels.map(real),
    series: series === null ? null : real(series),
  };
}
