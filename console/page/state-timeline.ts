/// <reference lib="dom" />
import type { Lines } from '../drawing/data.ts';
import { toneOf } from '../drawing/thresholds.ts';
import { utcText } from '../drawing/time-range.ts';
import { toSegments } from '../drawing/timeline.ts';
import { formatValue } from '../drawing/units.ts';
import { el, fill } from '../look/dom.ts';
import { toneColour } from './colours.ts';
import type { Drawing, DrawTools } from './drawing.ts';
import { ticksWithin, tickTexts } from './time-axis.ts';

/** A row per line, a block for as long as its value stays the same. */
export function createStateTimeline(tools: DrawTools): Drawing<Lines> {
  const rows = el('div', { class: 'states' });
  const needle = el('div', { class: 'needle', hidden: true });
  const axis = el('div', { class: 'state-axis', 'aria-hidden': 'true' });
  const track = el('div', { class: 'state-track' }, needle);
  const element = el(
    'div',
    { class: 'state-timeline' },
    rows,
    el('div', { class: 'state-foot' }, track, axis),
  );
  const share = (seconds: number) => {
    const { fromSeconds, toSeconds } = tools.range();
    return Math.min(1, Math.max(0, (seconds - fromSeconds) / (toSeconds - fromSeconds)));
  };
  const percent = (seconds: number) => `${(share(seconds) * 100).toFixed(3)}%`;
  const own = {};
  const point = (seconds: number | null) => {
    needle.hidden = seconds === null;
    if (seconds !== null) needle.style.setProperty('left', percent(seconds));
  };
  const stopFollowing = tools.crosshair.follow(own, point);
  rows.addEventListener('pointermove', (event) => {
    const lane = (event.target as Element).closest('.lane');
    if (!lane) return;
    const { left, width } = lane.getBoundingClientRect();
    const { fromSeconds, toSeconds } = tools.range();
    const seconds = fromSeconds + ((event.clientX - left) / width) * (toSeconds - fromSeconds);
    point(seconds);
    tools.crosshair.show(seconds, own);
  });
  rows.addEventListener('pointerleave', () => {
    point(null);
    tools.crosshair.show(null, own);
  });
  return {
    element,
    draw({ times, lines }) {
      fill(
        rows,
        ...lines.map((line) =>
          el(
            'div',
            { class: 'state-row' },
            el('span', { class: 'state-name' }, line.name),
            el(
              'div',
              { class: 'lane' },
              ...toSegments(times, line).map(({ fromSeconds, toSeconds, value }) => {
                const text = formatValue(value, tools.unit);
                return el(
                  'span',
                  {
                    class: 'segment',
                    title: `${text}, ${utcText(fromSeconds)} to ${utcText(toSeconds)}`,
                    style: {
                      left: percent(fromSeconds),
                      width: `${((share(toSeconds) - share(fromSeconds)) * 100).toFixed(3)}%`,
                      '--tone': `var(--${toneColour(toneOf(value, tools.steps))})`,
                    },
                  },
                  text,
                );
              }),
            ),
          ),
        ),
      );
      const { fromSeconds, toSeconds } = tools.range();
      const ticks = ticksWithin(fromSeconds, toSeconds, 6);
      const texts = tickTexts(ticks);
      fill(axis, ...ticks.map((time, i) => el('span', { style: { left: percent(time) } }, texts[i]!)));
    },
    end: stopFollowing,
  };
}
