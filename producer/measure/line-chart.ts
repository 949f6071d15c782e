export interface ChartLine {
  readonly name: string;
  readonly color: string;
  /** null leaves a gap */
  readonly values: readonly (number | null)[];
  readonly dashed?: boolean;
}

export interface ChartOptions {
  readonly title: string;
  readonly unit: string;
  /** seconds since the start, one per value, rising */
  readonly seconds: readonly number[];
  readonly lines: readonly ChartLine[];
  /** tenfold steps: for delays, which range from a part of a millisecond to minutes */
  readonly logarithmic?: boolean;
}

const WIDTH = 860;
const HEIGHT = 260;
const LEFT = 70;
const RIGHT = 14;
const TOP = 34;
const BOTTOM = 34;
const TICKS = 5;
const LOWEST_LOG = 0.01;

/** Lines over time as an SVG picture that needs no script; every line has a title to hover over. */
export function lineChart(options: ChartOptions): string {
  const { title, unit, seconds, lines, logarithmic = false } = options;
  const end = Math.max(1, seconds.at(-1) ?? 1);
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null));
  const top = Math.max(logarithmic ? 1 : 1e-9, ...values) * (logarithmic ? 1.5 : 1.05);
  const bottom = logarithmic ? lowestOf(values) : 0;
  const x = (second: number) => LEFT + (second / end) * (WIDTH - LEFT - RIGHT);
  const share = (value: number) =>
    logarithmic
      ? Math.log(Math.max(value, bottom) / bottom) / Math.log(top / bottom)
      : (value - bottom) / (top - bottom);
  const y = (value: number) => HEIGHT - BOTTOM - share(value) * (HEIGHT - TOP - BOTTOM);
  const marks = logarithmic ? decades(bottom, top) : evenly(top);
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(title)}" xmlns="http://www.w3.org/2000/svg">`,
    `<text x="${LEFT}" y="18" class="title">${escapeText(title)} (${escapeText(unit)})</text>`,
    ...marks.map((mark) => gridLine(mark, y(mark))),
    ...evenly(end).map((second) => timeMark(second, x(second))),
    ...lines.map((line) => pathOf(line, seconds, x, y)),
    ...lines.map((line, i) => legend(line, WIDTH - RIGHT - (lines.length - i) * 120)),
    '</svg>',
  ].join('\n');
}

function lowestOf(values: readonly number[]): number {
  const lowest = values.reduce(
    (low, value) => (value > 0 && value < low ? value : low),
    Number.POSITIVE_INFINITY,
  );
  return Math.max(LOWEST_LOG, 10 ** Math.floor(Math.log10(Number.isFinite(lowest) ? lowest : 1)));
}

function decades(bottom: number, top: number): number[] {
  const marks: number[] = [];
  for (let mark = bottom; mark <= top; mark *= 10) marks.push(mark);
  return marks;
}

/** From 0 in steps of 1, 2 or 5 times a power of ten. */
function evenly(top: number): number[] {
  const rough = top / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
}

function gridLine(value: number, at: number): string {
  const label =
    value >= 1 || value === 0
      ? value.toLocaleString('en-US', { maximumFractionDigits: 1 })
      : String(Number(value.toPrecision(2)));
  return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(at)}" y2="${px(at)}" class="grid"/><text x="${LEFT - 6}" y="${px(at + 4)}" class="left">${label}</text>`;
}

function timeMark(second: number, at: number): string {
  return `<text x="${px(at)}" y="${HEIGHT - BOTTOM + 18}" class="below">${Number(second.toPrecision(6))} s</text>`;
}

function pathOf(
  { name, color, values, dashed }: ChartLine,
  seconds: readonly number[],
  x: (second: number) => number,
  y: (value: number) => number,
): string {
  let pen = 'M';
  let path = '';
  values.forEach((value, i) => {
    if (value === null) {
      pen = 'M';
      return;
    }
    path += `${pen}${px(x(seconds[i]!))},${px(y(value))}`;
    pen = 'L';
  });
  const dash = dashed ? ' stroke-dasharray="5 4"' : '';
  return `<path d="${path}" fill="none" stroke="${color}" stroke-width="1.6"${dash}><title>${escapeText(name)}</title></path>`;
}

function legend({ name, color }: ChartLine, at: number): string {
  return `<rect x="${at}" y="9" width="10" height="10" fill="${color}"/><text x="${at + 15}" y="18">${escapeText(name)}</text>`;
}

const px = (value: number): string => value.toFixed(1);

/** Text and attribute values of SVG and HTML. */
export function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
