import type { AnswerCell, AnswerColumn } from '../../clickhouse/questions-answer.ts';

const STEPS = [
  { from: 1e12, sign: 'tn' },
  { from: 1e9, sign: 'bn' },
  { from: 1e6, sign: 'M' },
  { from: 1e3, sign: 'k' },
] as const;

/** 1234567890 -> `1.23 bn`: three figures, as a person compares money. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  // what would be rounded up to the next step belongs to it
  const step = STEPS.find(({ from }) => size >= from * 0.9995);
  if (!step) return trimZeros(value.toPrecision(3));
  const scaled = value / step.from;
  const digits = Math.abs(scaled) >= 99.95 ? 0 : Math.abs(scaled) >= 9.995 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${step.sign}`;
}

function trimZeros(text: string): string {
  const number = Number(text);
  return Number.isInteger(number) ? String(number) : text;
}

/** Years, ids, places and months are names made of digits; everything else is a figure. */
const PLAIN_UNITS = new Set(['', 'id', 'rank']);

/** The figures of one column, all to the same number of decimals: three at most, and none where all are whole. */
export function columnText(
  { unit, isNumber }: Pick<AnswerColumn, 'unit' | 'isNumber'>,
  cells: readonly AnswerCell[],
): (cell: AnswerCell) => string {
  if (!isNumber || PLAIN_UNITS.has(unit)) return (cell) => (cell === null ? '-' : String(cell));
  if (unit.startsWith('US$')) return (cell) => (typeof cell === 'number' ? shortNumber(cell) : '-');
  const digits = decimals(cells.filter((cell) => typeof cell === 'number'));
  return (cell) =>
    typeof cell === 'number'
      ? cell.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
      : '-';
}

function decimals(figures: readonly number[]): number {
  const largest = Math.max(0, ...figures.map(Math.abs));
  const most = largest < 10 ? 3 : largest < 100 ? 2 : 1;
  const needed = (digits: number) =>
    figures.some((figure) => Number(figure.toFixed(digits)) !== Number(figure.toFixed(most)));
  return [0, 1, 2].find((digits) => digits < most && !needed(digits)) ?? most;
}

/** A figure that stands alone, as in a coverage line. */
export function cellText(cell: AnswerCell, column: Pick<AnswerColumn, 'unit' | 'isNumber'>): string {
  return columnText(column, [cell])(cell);
}
