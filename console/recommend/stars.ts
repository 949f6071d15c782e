/// <reference lib="dom" />
import { el } from '../look/dom.ts';

const KEY_PAUSE_MS = 600;

/** Half steps from 0.5 to 5, by pointer, touch or arrow keys; a slider for those who listen. */
export function createStars(
  title: string,
  stars: number | null,
  onRate: (stars: number) => void,
): HTMLElement {
  const input = el('input', {
    type: 'range',
    min: '0.5',
    max: '5',
    step: '0.5',
    value: String(stars ?? 0.5),
    'aria-label': `Your rating of ${title}`,
    'aria-valuetext': stars === null ? 'not rated' : inWords(stars),
  });
  const figure = el(
    'span',
    { class: 'stars-figure', 'aria-hidden': 'true' },
    stars === null ? '' : stars.toFixed(1),
  );
  const face = el('span', { class: 'stars-face', 'aria-hidden': 'true' });
  const box = el('span', { class: 'stars' }, el('span', { class: 'stars-box' }, face, input), figure);
  const paint = (value: number) => face.style.setProperty('--share', `${(value / 5) * 100}%`);
  paint(stars ?? 0);
  input.addEventListener('input', () => {
    paint(Number(input.value));
    figure.textContent = Number(input.value).toFixed(1);
    input.setAttribute('aria-valuetext', inWords(Number(input.value)));
  });
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let isKeyed = false;
  const rate = (afterMs: number) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => onRate(Number(input.value)), afterMs);
  };
  input.addEventListener('pointerdown', () => {
    isKeyed = false;
  });
  // every press of an arrow is a change: the last one of a few is what is meant
  input.addEventListener('change', () => rate(isKeyed ? KEY_PAUSE_MS : 0));
  input.addEventListener('keydown', (event) => {
    isKeyed = true;
    // a slider at its lowest step does not change when that step is what one wants
    if (event.key === 'Enter') rate(0);
  });
  return box;
}

const inWords = (stars: number): string => `${stars} ${stars === 1 ? 'star' : 'stars'}`;
