/// <reference lib="dom" />
import type { Bars } from '../drawing/bars.ts';
import { largestSeries } from '../drawing/bars.ts';
import { formatValue } from '../drawing/units.ts';
import { el, fill } from '../look/dom.ts';
import { SERIES_COLOURS, seriesColour } from './colours.ts';
import type { Drawing } from './drawing.ts';

export interface BarLook {
  readonly title: string;
  readonly text: (value: number) => string;
  readonly isUpright: boolean;
}

export const barText = (unit: string) => (value: number) => formatValue(value, unit);

/** Bars that lie, with their names before and their figures behind them; or columns that stand, stacked where there are several. */
export function createBarChart(look: BarLook): Drawing<Bars> {
  const element = el('div', { class: look.isUpright ? 'columns-chart' : 'bars-chart' });
  return {
    element,
    draw(bars) {
      if (look.isUpright) drawColumns(element, largestSeries(bars, SERIES_COLOURS), look);
      else drawBars(element, bars, look);
    },
    end() {},
  };
}

function drawBars(element: HTMLElement, { labels, series, most }: Bars, { text, title }: BarLook): void {
  const values = series[0]?.values ?? [];
  const rows = labels.map((label, i) => {
    const value = values[i] ?? 0;
    return el(
      'li',
      { class: 'bar-row' },
      el('span', { class: 'bar-label', title: label }, label),
      el(
        'span',
        { class: 'bar-track', 'aria-hidden': 'true' },
        el('span', {
          class: 'bar-fill',
          style: { width: `${most === 0 ? 0 : (Math.max(0, value) / most) * 100}%` },
        }),
      ),
      el('span', { class: 'bar-value' }, text(value)),
    );
  });
  element.setAttribute('tabindex', '0');
  fill(element, el('ol', { class: 'bar-list', 'aria-label': title }, ...rows));
}

function drawColumns(element: HTMLElement, { labels, series, most }: Bars, look: BarLook): void {
  const top = roundedUp(most);
  const columns = labels.map((label, i) => {
    const pieces = series.map(({ name, values }, s) => {
      const value = values[i] ?? 0;
      return el('span', {
        class: 'piece',
        title: `${label}${series.length > 1 ? `, ${name}` : ''}: ${look.text(value)}`,
        style: {
          height: `${top === 0 ? 0 : (Math.max(0, value) / top) * 100}%`,
          background: `var(--${seriesColour(s)})`,
        },
      });
    });
    return el('div', { class: 'column' }, ...pieces);
  });
  const total = labels.map((_, i) => series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0));
  const highest = total.indexOf(Math.max(...total));
  const words = `${look.title}: ${labels.length} columns from ${labels[0]} to ${labels.at(-1)}, the highest at ${labels[highest]} with ${look.text(total[highest] ?? 0)}`;
  fill(
    element,
    el(
      'div',
      { class: 'columns-area' },
      el(
        'div',
        { class: 'columns-scale', 'aria-hidden': 'true' },
        ...[1, 0.5, 0].map((share) => el('span', {}, look.text(top * share))),
      ),
      el('div', { class: 'columns', role: 'img', 'aria-label': words }, ...columns),
    ),
    el('div', { class: 'columns-labels', 'aria-hidden': 'true' }, ...thinned(labels)),
    series.length < 2
      ? null
      : el(
          'ul',
          { class: 'legend' },
          ...series.map(({ name }, s) =>
            el(
              'li',
              { class: 'legend-item' },
              el('span', { class: 'swatch', style: { background: `var(--${seriesColour(s)})` } }),
              name,
            ),
          ),
        ),
  );
}

/** As many labels as have room; a name of another length, such as a month's, is there whole. */
function thinned(labels: readonly string[]): HTMLElement[] {
  const every = Math.max(1, Math.ceil(labels.length / 12));
  return labels.map((label, i) => el('span', {}, i % every === 0 ? label : ''));
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function roundedUp(value: number): number {
  if (value <= 0) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value) ?? 10) * power;
}
