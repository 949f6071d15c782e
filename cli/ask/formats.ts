import type { Question } from '../../clickhouse/questions.ts';
import type { Answer, AnswerCell } from '../../clickhouse/questions-answer.ts';
import { askedLine, coverageLine } from './describe.ts';
import { columnText } from './numbers.ts';
import { namesItsUnit, renderTable } from './table.ts';

export const FORMATS = ['table', 'csv', 'json', 'md'] as const;
export type Format = (typeof FORMATS)[number];

export interface RenderOptions {
  /** characters; of tables alone */
  readonly width: number;
}

/** An answer with rows, as text without the last newline. */
export function render(answer: Answer, format: Format, { width }: RenderOptions): string {
  if (format === 'csv') return csv(answer);
  if (format === 'json') return JSON.stringify(toJson(answer), null, 2);
  if (format === 'md') return markdown(answer);
  return table(answer, width);
}

function table(answer: Answer, width: number): string {
  const { lines, left } = renderTable(answer, width);
  const top = answer.values.top?.value;
  const isCut =
    typeof top === 'number' && answer.rows.length >= top && answer.question.chart.kind !== 'lines';
  const asked = askedLine(answer);
  return [
    ...wrap(asked === '' ? answer.title : `${answer.title} (${asked})`, width),
    '',
    ...lines,
    '',
    ...wrap(coverageLine(answer), width),
    ...(isCut ? [`the first ${top} rows: --top for more`] : []),
    ...(left.length === 0 ? [] : wrap(`not shown: ${left.join(', ')} (--wide, or --format csv)`, width)),
  ].join('\n');
}

/** Words in lines of at most `width` characters. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${lines.length === 0 ? '' : indent}${word}`);
  }
  return lines;
}

function allColumns({ columns, totals }: Answer) {
  return [...columns, ...totals];
}

/** A name of several pieces in at most `width` characters: the longest piece gives way, so that a year at the end stays. */
export function shortenLabel(text: string, width: number): string {
  const pieces = text.split(', ');
  let over = text.length - width;
  for (; over > 0; over--) {
    const lengths = pieces.map((piece) => piece.length);
    const longest = lengths.indexOf(Math.max(...lengths));
    pieces[longest] = `${pieces[longest]!.slice(0, -2)}…`;
  }
  return pieces.join(', ');
}

/** RFC 4180 with a header; figures in full, null is an empty field. */
function csv(answer: Answer): string {
  const names = allColumns(answer).map(({ name }) => name);
  const rows = answer.rows.map((row) => names.map((name) => csvField(row[name] ?? null)).join(','));
  return [names.join(','), ...rows].join('\n');
}

function csvField(cell: AnswerCell): string {
  if (cell === null) return '';
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export interface AnswerJson {
  readonly question: string;
  readonly title: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly coverage: string;
  readonly caveats: readonly string[];
  readonly columns: readonly { readonly name: string; readonly unit: string; readonly text: string }[];
  readonly totals: Readonly<Record<string, AnswerCell>>;
  readonly rows: readonly Readonly<Record<string, AnswerCell>>[];
}

export function toJson(answer: Answer): AnswerJson {
  const { question, title, values, columns, totals, rows } = answer;
  const pick = (row: Readonly<Record<string, AnswerCell>>, names: readonly { readonly name: string }[]) =>
    Object.fromEntries(names.map(({ name }) => [name, row[name] ?? null]));
  return {
    question: question.name,
    title,
    parameters: Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value])),
    coverage: coverageLine(answer),
    caveats: question.caveats,
    columns: columns.map(({ name, unit, text }) => ({ name, unit, text })),
    totals: rows[0] ? pick(rows[0], totals) : {},
    rows: rows.map((row) => pick(row, columns)),
  };
}

/** `ask --list --json`: everything a caller needs to ask. */
export function toListJson(questions: readonly Question[]) {
  return questions.map(({ sql, chart, ...described }) => described);
}

function markdown(answer: Answer): string {
  const { title, columns, rows, question } = answer;
  const texts = columns.map((column) => {
    const cells = rows.map((one) => one[column.name] ?? null);
    return cells.map(columnText(column, cells));
  });
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `### ${title}`,
    '',
    row(
      columns.map((column) => cell(namesItsUnit(column) ? column.name : `${column.name} (${column.unit})`)),
    ),
    row(columns.map(({ isNumber }) => (isNumber ? '---:' : '---'))),
    ...rows.map((_, i) => row(texts.map((text) => cell(text[i]!)))),
    '',
    `${coverageLine(answer)}.`,
    '',
    ...question.caveats.map((caveat) => `- ${caveat}`),
  ].join('\n');
}
