/// <reference lib="dom" />
import { el } from '../look/dom.ts';
import type { Film, RatedFilm, Recommended } from './api.ts';
import type { Change } from './list-change.ts';
import { createStars } from './stars.ts';

export interface RatingActions {
  readonly onRate: (film: Film, stars: number) => void;
  readonly onUnrate: (film: Film) => void;
}

export const titleOf = ({ title, movie_id: movieId }: { title: string | null; movie_id: number }): string =>
  title ?? `film ${movieId}`;

/** What was rated or watched, newest first. */
export function historyItem(
  { movie, is_implicit: isImplicit, rating, ts }: RatedFilm,
  actions: RatingActions,
) {
  const title = titleOf(movie);
  const remove = el(
    'button',
    { type: 'button', class: 'button plain', 'aria-label': `Take back the rating of ${title}` },
    'Take back',
  );
  remove.addEventListener('click', () => actions.onUnrate(movie));
  return el(
    'li',
    { class: 'film', 'data-movie': movie.movie_id },
    el(
      'div',
      { class: 'film-text' },
      ...heading(movie),
      el('p', { class: 'muted small' }, isImplicit ? `watched ${dayOf(ts)}` : `rated ${dayOf(ts)}`),
    ),
    el(
      'div',
      { class: 'film-act' },
      createStars(title, isImplicit ? null : Number(rating), (stars) => actions.onRate(movie, stars)),
      isImplicit ? null : remove,
    ),
  );
}

/** A film somebody might like, why, and how it got to its place. */
export function recommendedItem(film: Recommended, change: Change | null, actions: RatingActions) {
  const title = titleOf(film);
  return el(
    'li',
    { class: 'film', 'data-movie': film.movie_id },
    el(
      'div',
      { class: 'film-text' },
      ...heading(film),
      el('p', { class: 'muted small' }, film.genres.replaceAll('|', ', ')),
      el('p', { class: 'small because' }, reasonOf(film)),
    ),
    el(
      'div',
      { class: 'film-act' },
      el(
        'span',
        { class: 'expected small muted' },
        `expected ${film.predicted_rating.toFixed(1)}`,
        moveTag(change?.moves.get(film.movie_id)),
      ),
      createStars(title, null, (stars) => actions.onRate(film, stars)),
    ),
  );
}

function heading({ year, ...film }: Film): HTMLElement[] {
  const words = [titleOf(film), ...(year === null ? [] : [' '])];
  return [
    el('h3', {}, ...words, year === null ? null : el('span', { class: 'muted film-year' }, String(year))),
  ];
}

function reasonOf({ source, because }: Recommended): string {
  if (source === 'cold') return 'liked by many; nothing is known of this user yet';
  const titles = because.slice(0, 3).map(titleOf);
  if (titles.length === 0) return 'fits the ratings given so far';
  return `because of ${titles.length === 1 ? titles[0] : `${titles.slice(0, -1).join(', ')} and ${titles.at(-1)}`}`;
}

function moveTag(move: number | null | undefined): HTMLElement | null {
  if (move === undefined || move === 0) return null;
  if (move === null) return el('span', { class: 'move', 'data-move': 'new' }, 'new');
  const text = `${move > 0 ? '▲' : '▼'} ${Math.abs(move)}`;
  const words = `${move > 0 ? 'up' : 'down'} ${Math.abs(move)}`;
  return el(
    'span',
    { class: 'move', 'data-move': move > 0 ? 'up' : 'down' },
    el('span', { 'aria-hidden': 'true' }, text),
    el('span', { class: 'unseen' }, words),
  );
}

const dayOf = (ts: string): string => ts.slice(0, 10);

/** Puts new items in a list and lets those that stay glide to their new places, for who does not mind motion. */
export function replaceGently(list: HTMLElement, items: readonly HTMLElement[]): void {
  const places = new Map(
    [...list.children].map((item) => [item.getAttribute('data-movie'), item.getBoundingClientRect().top]),
  );
  list.replaceChildren(...items);
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  for (const item of items) {
    const before = places.get(item.getAttribute('data-movie'));
    const distance = before === undefined ? 0 : before - item.getBoundingClientRect().top;
    const frames =
      before === undefined
        ? [{ opacity: 0 }, { opacity: 1 }]
        : [{ transform: `translateY(${distance}px)` }, { transform: 'none' }];
    if (before === undefined || distance !== 0) item.animate(frames, { duration: 260, easing: 'ease-out' });
  }
}
