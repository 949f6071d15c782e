import type { ChartPlan, ChartSeries } from './chart-plan.ts';
import { shortenLabel, wrap } from './formats.ts';

const EIGHTHS_RIGHT = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;
const EIGHTHS_UP = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const COLUMN_HEIGHT = 10;
const MOST_COLUMNS = 16;
const LINE_HEIGHT = 2;
const LABEL_WIDTH = 32;

/** A chart in block characters, at most `width` wide. */
export function drawInTerminal(plan: ChartPlan, width: number): string {
  const body = bodyOf(plan, width);
  return [
    ...wrap(plan.title, width),
    ...wrap(plan.subtitle, width),
    '',
    ...body,
    '',
    ...wrap(plan.coverage, width),
  ].join('\n');
}

function bodyOf(plan: ChartPlan, width: number): string[] {
  if (plan.kind === 'lines') return lines(plan, width);
  if (plan.kind === 'columns' && plan.categories.length <= MOST_COLUMNS && lowest(plan) >= 0)
    return columns(plan, width);
  return bars(plan, width);
}

function lowest({ series }: ChartPlan): number {
  return Math.min(...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
}

function highest({ series }: ChartPlan): number {
  return Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** Labels to the left, bars from a common zero, figures behind them. Losses run to the left of zero. */
function bars(plan: ChartPlan, width: number): string[] {
  const { categories, series, text } = plan;
  const values = series[0]!.values;
  const labelWidth = Math.min(LABEL_WIDTH, Math.max(...categories.map((label) => label.length)));
  const figures = values.map((value) => text(value ?? 0));
  const room = width - labelWidth - Math.max(...figures.map((figure) => figure.length)) - 2;
  const low = Math.min(0, lowest(plan));
  const scale = (Math.max(0, highest(plan)) - low) / room || 1;
  const left = Math.round(-low / scale);
  return categories.map((label, i) => {
    const value = values[i] ?? 0;
    const negative = value < 0 ? Math.max(1, Math.round(-value / scale)) : 0;
    const drawn =
      value < 0
        ? '▒'.repeat(Math.min(left, negative)).padStart(left)
        : ' '.repeat(left) + rightBar(value / scale);
    return `${shortenLabel(label, labelWidth).padEnd(labelWidth)} ${drawn} ${figures[i]}`;
  });
}

function rightBar(cells: number): string {
  const eighths = Math.round(cells * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS_RIGHT[eighths % 8]!;
}

/** Upright columns with the figure on top and the label below. */
function columns({ categories, series, text }: ChartPlan, width: number): string[] {
  const values = series[0]!.values;
  const cell = Math.min(7, Math.floor(width / categories.length));
  const top = Math.max(...values.map((value) => value ?? 0)) || 1;
  const levels = values.map((value) => Math.round(((value ?? 0) / top) * COLUMN_HEIGHT * 8));
  const centre = (what: string) => {
    const short = shorten(what, cell - 1);
    return short.padStart(Math.ceil((cell + short.length) / 2)).padEnd(cell);
  };
  const block = (level: number, row: number) => {
    const eighths = Math.max(0, Math.min(8, level - row * 8));
    return centre((EIGHTHS_UP[eighths] as string).repeat(Math.max(1, cell - 3)));
  };
  const rows = Array.from({ length: COLUMN_HEIGHT + 1 }, (_, i) => COLUMN_HEIGHT - i).map((row) =>
    categories
      .map((_, i) => {
        const isAbove = row === Math.ceil(levels[i]! / 8);
        return isAbove ? centre(shortFigure(text(values[i] ?? 0), cell)) : block(levels[i]!, row);
      })
      .join('')
      .trimEnd(),
  );
  return [...rows, categories.map(centre).join('').trimEnd()];
}

/** `3.202` -> `3.20` where the column is narrow. */
function shortFigure(figure: string, cell: number): string {
  return figure.length < cell ? figure : figure.slice(0, cell - 1);
}

/** One small chart per line, all to one scale: names need no colours, and figures no axis. */
function lines(plan: ChartPlan, width: number): string[] {
  const { categories, series, text } = plan;
  const nameWidth = Math.min(18, Math.max(...series.map(({ name }) => name.length)));
  const top = highest(plan) || 1;
  const peaks = series.map((one) => peakOf(one, categories, text));
  const room = width - nameWidth - Math.max(...peaks.map((peak) => peak.length)) - 4;
  const { groups, repeat } = bin(categories.length, room);
  const axis = axisOf(categories, groups.length * repeat);
  return [
    ...series.flatMap(({ name, values }, i) => {
      const binned = groups.map((members) => binValue(members.map((at) => values[at] ?? null)));
      const levels = binned.map((value) =>
        value === null ? null : Math.max(1, Math.round((Math.max(0, value) / top) * LINE_HEIGHT * 8)),
      );
      return Array.from({ length: LINE_HEIGHT }, (_, row) => LINE_HEIGHT - 1 - row).map((row) => {
        const drawn = levels.map((level) => levelBlock(level, row).repeat(repeat)).join('');
        const head = row === 0 ? shorten(name, nameWidth).padEnd(nameWidth) : ' '.repeat(nameWidth);
        return `${head}  ${drawn}  ${row === 0 ? peaks[i] : ''}`.trimEnd();
      });
    }),
    `${' '.repeat(nameWidth)}  ${axis}`,
  ];
}

function levelBlock(level: number | null, row: number): string {
  if (level === null) return row === 0 ? '·' : ' ';
  return EIGHTHS_UP[Math.max(0, Math.min(8, level - row * 8))]!;
}

function peakOf(
  { values }: ChartSeries,
  categories: readonly string[],
  text: (value: number) => string,
): string {
  const at = values.reduce<number>(
    (best, value, i) => ((value ?? -Infinity) > (values[best] ?? -Infinity) ? i : best),
    0,
  );
  return `${text(values[at] ?? 0)} in ${categories[at]}`;
}

/** As many x values in one character as the width asks for, or several characters for one where there is room. */
function bin(count: number, room: number): { groups: number[][]; repeat: number } {
  const size = Math.ceil(count / room);
  const groups: number[][] = [];
  for (let at = 0; at < count; at += size) {
    groups.push(Array.from({ length: Math.min(size, count - at) }, (_, i) => at + i));
  }
  return { groups, repeat: Math.max(1, Math.min(4, Math.floor(room / groups.length))) };
}

function binValue(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function axisOf(categories: readonly string[], width: number): string {
  const first = categories[0] ?? '';
  const last = categories.at(-1) ?? '';
  return categories.length < 2
    ? first
    : `${first}${last.padStart(Math.max(last.length + 1, width - first.length))}`;
}
