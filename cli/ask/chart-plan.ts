import type { Answer, AnswerCell, AnswerColumn } from '../../clickhouse/questions-answer.ts';
import { askedInWords, chartColumns, coverageLine } from './describe.ts';
import { columnText } from './numbers.ts';

/** What to draw, whichever way it is drawn. */
export interface ChartPlan {
  readonly kind: 'bars' | 'columns' | 'lines';
  readonly title: string;
  /** what is measured, in which unit, and what was asked for */
  readonly subtitle: string;
  readonly coverage: string;
  /** labels of bars; of lines the x values, without gaps where they are years */
  readonly categories: readonly string[];
  readonly series: readonly ChartSeries[];
  /** a figure as a person reads it */
  readonly text: (value: number) => string;
}

export interface ChartSeries {
  readonly name: string;
  /** one per category, null = not known */
  readonly values: readonly (number | null)[];
}

/** More lines than colours cannot be told apart, more bars not be read. */
const MOST_LINES = 7;
const MOST_BARS = 40;

/** @returns null when there is no figure to draw */
export function planChart(answer: Answer): ChartPlan | null {
  const { value, labels, series } = chartColumns(answer);
  const column = answer.columns.find(({ name }) => name === value);
  if (!column || !answer.rows.some((row) => typeof row[value] === 'number')) return null;
  const { kind } = answer.question.chart;
  const drawn =
    kind === 'lines' ? drawLines(answer, value, labels[0]!, series) : drawBars(answer, value, labels);
  return {
    kind,
    title: answer.title,
    subtitle: [describeValue(column), askedInWords(answer), drawn.left]
      .filter((text) => text !== '')
      .join(' · '),
    coverage: coverageLine(answer),
    categories: drawn.categories,
    series: drawn.series,
    text: columnText(
      column,
      answer.rows.map((row) => row[value] ?? null),
    ),
  };
}

function describeValue({ name, unit, text }: AnswerColumn): string {
  const words = name.replaceAll('_', ' ').replace(/ (full|fractional)$/, '');
  if (unit === '' || unit === words) return words;
  if (words.length === 1) return unit;
  return name.startsWith('value_') ? unit : `${words}, ${unit.startsWith('x ') ? text : unit}`;
}

interface Drawn {
  readonly categories: readonly string[];
  readonly series: readonly ChartSeries[];
  /** says what was not drawn */
  readonly left: string;
}

function drawBars({ rows, columns }: Answer, value: string, labels: readonly string[]): Drawn {
  const known = rows.filter((row) => typeof row[value] === 'number');
  const drawn = known.slice(0, MOST_BARS);
  const texts = labels.map((name) => {
    const column = columns.find((one) => one.name === name)!;
    const cells = drawn.map((row) => row[name] ?? null);
    return cells.map(columnText(column, cells));
  });
  return {
    categories: drawn.map((_, i) =>
      texts
        .map((text) => text[i]!)
        .filter((text) => text !== '')
        .join(', '),
    ),
    series: [{ name: value, values: drawn.map((row) => row[value] as number) }],
    left: known.length > drawn.length ? `first ${drawn.length} of ${known.length}` : '',
  };
}

function drawLines({ rows }: Answer, value: string, x: string, series: string | null): Drawn {
  const names = [...new Set(rows.map((row) => (series === null ? value : String(row[series]))))];
  const drawn = names.slice(0, MOST_LINES);
  const categories = xCategories(rows.map((row) => row[x] ?? null));
  return {
    categories,
    series: drawn.map((name) => {
      const own = new Map(
        rows
          .filter((row) => series === null || String(row[series]) === name)
          .map((row) => [String(row[x]), row[value]]),
      );
      return { name, values: categories.map((category) => toFigure(own.get(category))) };
    }),
    left: names.length > drawn.length ? `first ${drawn.length} of ${names.length}` : '',
  };
}

function toFigure(cell: AnswerCell | undefined): number | null {
  return typeof cell === 'number' ? cell : null;
}

/** Years without a row are years all the same: a line must not close the gap. */
function xCategories(cells: readonly AnswerCell[]): string[] {
  if (!cells.every((cell) => typeof cell === 'number' && Number.isInteger(cell))) {
    return [...new Set(cells.map(String))].sort();
  }
  const numbers = cells as readonly number[];
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  if (high - low > 500) return [...new Set(numbers)].sort((a, b) => a - b).map(String);
  return Array.from({ length: high - low + 1 }, (_, i) => String(low + i));
}
