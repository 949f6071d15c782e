/// <reference lib="dom" />
import { el, svg } from '../look/dom.ts';
import type { AskedChart } from '../server/questions.ts';
import { createBarChart } from './bar-chart.ts';
import { seriesColour } from './colours.ts';

/** The chart that the question's file describes. */
export function answerChart(chart: AskedChart): HTMLElement {
  const figure = el(
    'figure',
    { class: 'answer-chart' },
    el('figcaption', { class: 'muted small' }, chart.subtitle),
  );
  figure.append(chart.kind === 'lines' ? lines(chart) : bars(chart));
  return figure;
}

function bars({ kind, title, categories, series }: AskedChart): HTMLElement {
  const known = series.map(({ name, values }) => ({ name, values: values.map((value) => value ?? 0) }));
  const written = new Map(
    series.flatMap(({ values, texts }) => values.map((value, i) => [value ?? 0, texts[i]!] as const)),
  );
  const text = (value: number) => written.get(value) ?? String(Number(value.toPrecision(3)));
  const drawing = createBarChart({ title, text, isUpright: kind === 'columns' });
  const most = Math.max(0, ...known.flatMap(({ values }) => values));
  drawing.draw({ labels: categories, series: known, most });
  return drawing.element;
}

const WIDTH = 720;
const HEIGHT = 280;
const LEFT = 70;
const RIGHT = 24;
const BOTTOM = 24;
const TOP = 10;

/** Lines over categories, most of them years; a gap stays a gap. */
function lines({ title, categories, ticks, series }: AskedChart): HTMLElement {
  const low = ticks[0]?.value ?? 0;
  const high = ticks.at(-1)?.value || 1;
  const x = (i: number) => LEFT + (i / Math.max(1, categories.length - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const every = Math.max(1, Math.ceil(categories.length / 10));
  const drawing = svg(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: 'img',
      'aria-label': `${title}, ${series.length} lines; as a table below`,
    },
    ...ticks.flatMap(({ value, text }) => [
      svg('line', { class: 'grid-line', x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
      svg('text', { class: 'tick', x: LEFT - 8, y: y(value) + 4, 'text-anchor': 'end' }, text),
    ]),
    ...categories.flatMap((category, i) =>
      i % every === 0
        ? [svg('text', { class: 'tick', x: x(i), y: HEIGHT - 6, 'text-anchor': 'middle' }, category)]
        : [],
    ),
    ...series.map(({ values }, s) =>
      svg('path', {
        class: 'answer-line',
        d: pathOf(values, x, y),
        style: { stroke: `var(--${seriesColour(s)})` },
      }),
    ),
  );
  const names = series.map(({ name }, s) =>
    el(
      'li',
      { class: 'legend-item' },
      el('span', { class: 'swatch', style: { background: `var(--${seriesColour(s)})` } }),
      name,
    ),
  );
  const box = el('div', { class: 'answer-lines' });
  box.append(drawing);
  if (series.length > 1) box.append(el('ul', { class: 'legend' }, ...names));
  return box;
}

function pathOf(
  values: readonly (number | null)[],
  x: (i: number) => number,
  y: (value: number) => number,
): string {
  let isDown = false;
  return values
    .map((value, i) => {
      if (value === null) {
        isDown = false;
        return '';
      }
      const piece = `${isDown ? 'L' : 'M'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
      isDown = true;
      // a lone point is a line of no length, which a round cap makes visible
      return values[i + 1] === null || i === values.length - 1 ? `${piece}h0.01` : piece;
    })
    .join('');
}
