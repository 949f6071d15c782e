/// <reference lib="dom" />
import { utcText } from '../drawing/time-range.ts';
import { el, fill } from '../look/dom.ts';

export interface Legend {
  readonly element: HTMLElement;
  show(entries: readonly { readonly name: string; readonly colour: string }[]): void;
  /** the values beside the names, and when they were; null = the newest */
  tell(texts: readonly string[], seconds: number | null, hidden: ReadonlySet<string>): void;
}

/** Names of lines with their values. A name is a button that hides its line. */
export function createLegend(onToggle?: (name: string) => void): Legend {
  const list = el('ul', { class: 'legend' });
  const time = el('span', { class: 'legend-time' });
  const element = el('div', { class: 'legend-box' }, list, time);
  let parts: { button: HTMLElement; value: HTMLElement; name: string }[] = [];
  return {
    element,
    show(entries) {
      parts = entries.map(({ name, colour }) => {
        const value = el('span', { class: 'legend-value' });
        const swatch = el('span', { class: 'swatch', style: { background: `var(--${colour})` } });
        const button = onToggle
          ? el(
              'button',
              { type: 'button', class: 'legend-item', 'aria-pressed': 'true' },
              swatch,
              name,
              value,
            )
          : el('span', { class: 'legend-item' }, swatch, name, value);
        if (onToggle)
          button.addEventListener('click', () => {
            onToggle(name);
            button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'));
          });
        return { button, value, name };
      });
      fill(list, ...parts.map(({ button }) => el('li', {}, button)));
    },
    tell(texts, seconds, hidden) {
      for (const [i, { button, value, name }] of parts.entries()) {
        value.textContent = texts[i] ?? '';
        if (onToggle) button.setAttribute('aria-pressed', String(!hidden.has(name)));
      }
      time.textContent = seconds === null ? '' : utcText(seconds).slice(11);
    },
  };
}
