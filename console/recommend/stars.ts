/// <reference lib="dom" />
import { el } from '../look/dom.ts';

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
  input.addEventListener('change', () => onRate(Number(input.value)));
  // a slider at its lowest step does not change when that step is what one wants
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') onRate(Number(input.value));
  });
  return box;
}

const inWords = (stars: number): string => `${stars} ${stars === 1 ? 'star' : 'stars'}`;
