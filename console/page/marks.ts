/// <reference lib="dom" />
import { type RangeText, utcText } from '../drawing/time-range.ts';
import { el, fill } from '../look/dom.ts';
import type { Mark } from './drawing.ts';
import { ask, ServerFault } from './server.ts';

/** The alerts of a dashboard's span: red bands on its charts, and in words above them. */
export interface Marks {
  readonly element: HTMLElement;
  current(): readonly Mark[];
  /** true when they are others than before; where they cannot be had they stay, and the panels say why */
  refresh(signal: AbortSignal): Promise<boolean>;
}

export function createMarks(dashboard: string, range: RangeText): Marks {
  const element = el('div', { class: 'marks' });
  let marks: readonly Mark[] = [];
  return {
    element,
    current: () => marks,
    async refresh(signal) {
      try {
        const found = await ask<Mark[]>('/console/annotations', { dashboard, ...range }, signal);
        if (JSON.stringify(found) === JSON.stringify(marks)) return false;
        marks = found;
        tell(element, marks);
        return true;
      } catch (error) {
        if (signal.aborted || error instanceof ServerFault) return false;
        throw error;
      }
    },
  };
}

function tell(place: HTMLElement, marks: readonly Mark[]): void {
  if (marks.length === 0) {
    place.replaceChildren();
    return;
  }
  const items = marks.map(({ fromSeconds, toSeconds, title, text }) =>
    el(
      'li',
      {},
      el('a', { href: `#/alerts/${encodeURIComponent(title)}` }, title),
      ` ${text}, ${utcText(fromSeconds).slice(5)} to ${utcText(toSeconds).slice(11)}`,
    ),
  );
  const count = marks.length === 1 ? '1 alert in this time' : `${marks.length} alerts in this time`;
  const isOpen = place.querySelector('details')?.open ?? false;
  fill(place, el('details', { open: isOpen }, el('summary', {}, count), el('ul', {}, ...items)));
}
