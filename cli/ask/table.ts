import type { Answer, AnswerColumn } from '../../clickhouse/questions-answer.ts';
import { columnText } from './numbers.ts';

const GAP = '  ';
const NAME_WIDTH = 34;
const SMALLEST_NAME_WIDTH = 14;

export interface TableText {
  readonly lines: readonly string[];
  /** columns that the width had no room for */
  readonly left: readonly string[];
}

/**
 * An answer as an aligned table of at most `width` characters: headings of several lines, long names cut, and what still has no
 * room left out from the right, where the less important columns stand. Every row keeps its first column and figures.
 */
export function renderTable(answer: Answer, width: number): TableText {
  const columns = chosenFirst(answer).map((column) => layOut(column, answer));
  const fitted = fitColumns(columns, width);
  const height = Math.max(...fitted.map(({ heading }) => heading.length));
  const line = (cells: readonly string[]) => cells.join(GAP).trimEnd();
  const headings = Array.from({ length: height }, (_, i) =>
    line(fitted.map((column) => pad(column.heading[column.heading.length - height + i] ?? '', column))),
  );
  return {
    lines: [
      ...headings,
      line(fitted.map((column) => '-'.repeat(column.width))),
      ...answer.rows.map((_, row) => line(fitted.map((column) => pad(column.cells[row]!, column)))),
    ],
    left: columns.slice(fitted.length).map(({ name }) => name),
  };
}

/** True where a heading need not repeat the unit: `films`, `users`, `genre_id`. */
export function namesItsUnit({ name, unit }: Pick<AnswerColumn, 'name' | 'unit'>): boolean {
  if (unit === '' || unit === 'id') return true;
  const words = name.split('_');
  return unit.split(' ').some((word) => words.includes(word));
}

interface LaidOut {
  readonly name: string;
  readonly isNumber: boolean;
  readonly isId: boolean;
  /** lines, the last one lowest */
  readonly heading: readonly string[];
  readonly cells: readonly string[];
  readonly width: number;
}

function layOut(column: AnswerColumn, { rows }: Answer): LaidOut {
  const words = column.name.split('_');
  const unit = namesItsUnit(column) ? [] : wrapUnit(column.unit);
  const figures = rows.map((row) => row[column.name] ?? null);
  const cells = figures.map(columnText(column, figures));
  const heading = [...joinShort(words), ...unit];
  const width = Math.max(...heading.map((text) => text.length), ...cells.map((text) => text.length), 1);
  return { name: column.name, isNumber: column.isNumber, isId: column.unit === 'id', heading, cells, width };
}

/** Units never make a column wide: `US$ of 2017-01` takes two lines. */
function wrapUnit(unit: string): string[] {
  return joinShort(unit.split(' '));
}

const HEADING_WIDTH = 10;

function joinShort(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= HEADING_WIDTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Of columns that differ by a choice, `…_full` and `…_fractional`, those of the choice that was made take the first places. */
function chosenFirst({ question, values, columns }: Answer): readonly AnswerColumn[] {
  const endsWith = ({ name }: AnswerColumn, isChosen: boolean) =>
    question.parameters.some(({ name: parameter, choices }) =>
      choices.some(
        (choice) => (choice === values[parameter]!.shown) === isChosen && name.endsWith(`_${choice}`),
      ),
    );
  const isEmpty = ({ name }: AnswerColumn) => name.startsWith('also') && values.and?.shown === 'none';
  const shown = columns.filter((column) => !isEmpty(column));
  const isVariant = (column: AnswerColumn) => endsWith(column, true) || endsWith(column, false);
  const variants = shown.filter(isVariant);
  const ordered = [
    ...variants.filter((column) => endsWith(column, true)),
    ...variants.filter((column) => !endsWith(column, true)),
  ];
  return shown.map((column) => (isVariant(column) ? ordered[variants.indexOf(column)]! : column));
}

function fitColumns(columns: readonly LaidOut[], width: number): LaidOut[] {
  const capped = columns.map((column) => cut(column, NAME_WIDTH));
  for (let count = capped.length; count > 1; count--) {
    const kept = capped.slice(0, count);
    const over = totalWidth(kept) - width;
    if (over <= 0) return kept;
    const names = kept.filter(({ isNumber }) => !isNumber).toSorted((a, b) => b.width - a.width);
    const room = names.reduce((sum, name) => sum + Math.max(0, name.width - smallest(name)), 0);
    // one figure more is worth a cut name, one id more is not
    if (room >= over && !kept.at(-1)!.isId) return shrink(kept, over);
  }
  return capped.slice(0, 1);
}

function smallest({ heading }: LaidOut): number {
  return Math.max(SMALLEST_NAME_WIDTH, ...heading.map((text) => text.length));
}

function totalWidth(columns: readonly LaidOut[]): number {
  return columns.reduce((sum, column) => sum + column.width, 0) + GAP.length * (columns.length - 1);
}

/** Takes the missing characters from the widest names, one by one. */
function shrink(columns: readonly LaidOut[], over: number): LaidOut[] {
  const widths = columns.map(({ width }) => width);
  for (let i = 0; i < over; i++) {
    const candidates = columns.flatMap((column, at) =>
      !column.isNumber && widths[at]! > smallest(column) ? [at] : [],
    );
    const widest = candidates.reduce((best, at) => (widths[at]! > widths[best]! ? at : best), candidates[0]!);
    widths[widest]!--;
  }
  return columns.map((column, at) => cut(column, widths[at]!));
}

function cut(column: LaidOut, width: number): LaidOut {
  if (column.isNumber || column.width <= width) return column;
  const cells = column.cells.map((text) => (text.length > width ? `${text.slice(0, width - 1)}…` : text));
  return { ...column, cells, width };
}

function pad(text: string, { isNumber, width }: LaidOut): string {
  return isNumber ? text.padStart(width) : text.padEnd(width);
}
