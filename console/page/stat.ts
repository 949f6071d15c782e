/// <reference lib="dom" />

import type { ValueMapping } from '../drawing/dashboard.ts';
import type { Lines } from '../drawing/data.ts';
import { lastKnown } from '../drawing/lines.ts';
import { toneInWords, toneOf } from '../drawing/thresholds.ts';
import { formatValue, mappedWords } from '../drawing/units.ts';
import { el, svg } from '../look/dom.ts';
import { toneColour } from './colours.ts';
import type { Drawing, DrawTools } from './drawing.ts';

const WIDTH = 100;
const HEIGHT = 24;

/** One figure with the colour of its threshold, and its way there beneath. */
export function createStat(tools: DrawTools, mappings: readonly ValueMapping[]): Drawing<Lines> {
  const element = el('div', { class: 'stat' });
  return {
    element,
    draw({ lines }) {
      const values = lines[0]?.values ?? [];
      const value = lastKnown(values)!;
      const tone = toneOf(value, tools.steps);
      const words = toneInWords(tone);
      element.replaceChildren(
        el(
          'p',
          { class: 'stat-value', 'data-tone': tone },
          mappedWords(value, mappings)?.text ?? formatValue(value, tools.unit),
          words === '' ? null : el('span', { class: 'unseen' }, ` (${words})`),
        ),
        sparkline(values, toneColour(tone)),
      );
    },
    end() {},
  };
}

/** Decoration: what it says stands in the table of the panel. */
function sparkline(values: readonly (number | null)[], colour: string): SVGElement {
  const known = values.filter((value) => value !== null);
  const low = Math.min(0, ...known);
  const high = Math.max(0, ...known);
  const x = (i: number) => (i / Math.max(1, values.length - 1)) * WIDTH;
  const y = (value: number) => HEIGHT - 1 - ((value - low) / (high - low || 1)) * (HEIGHT - 3);
  const points = values.flatMap((value, i) =>
    value === null ? [] : [`${x(i).toFixed(1)},${y(value).toFixed(1)}`],
  );
  return svg(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('polyline', { points: points.join(' '), style: { stroke: `var(--${colour})` } }),
  );
}
