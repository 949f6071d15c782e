/// <reference lib="dom" />
import type { Override, Step } from '../drawing/dashboard.ts';
import type { Cell, Column, Lines, TableData } from '../drawing/data.ts';
import { stepsOf, unitOf } from '../drawing/table.ts';
import { type Tone, toneInWords, toneOf } from '../drawing/thresholds.ts';
import { utcText } from '../drawing/time-range.ts';
import { formatValue } from '../drawing/units.ts';
import { el } from '../look/dom.ts';

export interface TableLook {
  /** read out before the table */
  readonly caption: string;
  readonly unit: string;
  readonly overrides?: readonly Override[];
}

/** Rows as a table that scrolls within itself, also by keyboard. */
export function dataTable({ columns, rows }: TableData, look: TableLook): HTMLElement {
  const texts = columns.map((column) => cellText(column, look));
  const steps = columns.map(({ name }) => stepsOf(name, look.overrides));
  return scrolling(
    look.caption,
    columns.map(({ name, type }) => ({
      name: headingOf(name),
      isNumber: type === 'number',
      isTime: type === 'time',
    })),
    rows.map((row) => row.map((cell, i) => texts[i]!(cell))),
    (row, i) => toneOfCell(rows[row]![i]!, steps[i]!),
  );
}

/** The newest points of lines as rows, newest first: what a chart shows, for who cannot see it. */
export function linesTable({ times, lines }: Lines, look: TableLook): HTMLElement {
  const newest = [...times.keys()].reverse().slice(0, 200);
  return dataTable(
    {
      kind: 'table',
      columns: [
        { name: 'time (UTC)', type: 'time' },
        ...lines.map(({ name }) => ({ name, type: 'number' }) as const),
      ],
      rows: newest.map((i) => [times[i]!, ...lines.map(({ values }) => values[i] ?? null)]),
    },
    look,
  );
}

export interface Heading {
  readonly name: string;
  readonly isNumber: boolean;
  readonly isTime?: boolean;
}

/** A table of texts. */
export function scrolling(
  caption: string,
  headings: readonly Heading[],
  rows: readonly (readonly string[])[],
  toneAt: (row: number, column: number) => Tone = () => 'plain',
): HTMLElement {
  const kind = (i: number) => ({
    class: headings[i]!.isNumber ? 'number' : headings[i]!.isTime ? 'time' : '',
  });
  const head = headings.map(({ name }, i) => el('th', { scope: 'col', ...kind(i) }, name));
  const cell = (text: string, i: number, tone: Tone) => {
    const words = toneInWords(tone);
    const said = words === '' ? null : el('span', { class: 'unseen' }, ` (${words})`);
    return el('td', { ...kind(i), ...(tone === 'plain' ? {} : { 'data-tone': tone }) }, text, said);
  };
  const body = rows.map((row, at) => el('tr', {}, ...row.map((text, i) => cell(text, i, toneAt(at, i)))));
  return el(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `${caption}, table` },
    el(
      'table',
      {},
      el('caption', { class: 'unseen' }, caption),
      el('thead', {}, el('tr', {}, ...head)),
      el('tbody', {}, ...body),
    ),
  );
}

const toneOfCell = (cell: Cell, steps: readonly Step[]): Tone =>
  typeof cell === 'number' && steps.length > 0 ? toneOf(cell, steps) : 'plain';

/** Of the corner of a matrix, `row\\column`, what its own column holds. */
const headingOf = (name: string): string => name.split('\\')[0]!.replaceAll('_', ' ');

function cellText({ name, type }: Column, look: TableLook): (cell: Cell) => string {
  const unit = unitOf(name, look.unit, look.overrides);
  return (cell) => {
    if (cell === null || cell === '') return '–';
    if (typeof cell !== 'number') return cell;
    if (type === 'time') return utcText(cell);
    return formatValue(cell, unit);
  };
}
