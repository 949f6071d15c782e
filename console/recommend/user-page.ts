/// <reference lib="dom" />
import { el, fill } from '../look/dom.ts';
import { pageHead } from '../look/page-head.ts';
import { ApiFault, connectApi, type Film, type Recommended } from './api.ts';
import { historyItem, type RatingActions, recommendedItem, replaceGently, titleOf } from './film-lists.ts';
import { type Change, compareLists } from './list-change.ts';
import { createStars } from './stars.ts';

export interface UserPageOptions {
  readonly userId: string;
  /** whoever holds the address learns whose list is shown */
  readonly onUser: (userId: string) => void;
}

export interface UserPage {
  end(): void;
}

const FIRST_USER = '1';
const HISTORY_PAGE = 12;
const MOST_HISTORY = 1_000;

/** A user's history and recommendations with their reasons; a rating that is changed changes the list at once. */
export function openUserPage(root: HTMLElement, { userId: given, onUser }: UserPageOptions): UserPage {
  let userId = /^[1-9]\d{0,9}$/.test(given) ? given : FIRST_USER;
  let key = '';
  let isOver = false;
  let historyLimit = HISTORY_PAGE;
  let listed: readonly Recommended[] | null = null;
  const api = connectApi(() => key);
  const said = el('p', { class: 'said', 'aria-live': 'polite' });
  const fault = el('div', { role: 'alert' });
  const history = el('ul', { class: 'films' });
  const wanted = el('ol', { class: 'films ranked' });
  const asOf = el('p', { class: 'muted small' });
  const another = el('div', { class: 'another' });
  const older = el('button', { type: 'button', class: 'button', hidden: true }, 'Older ones');

  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      if (!isOver) fault.replaceChildren();
    } catch (error) {
      if (!(error instanceof ApiFault)) throw error;
      if (isOver) return;
      fill(fault, el('p', { class: 'fault' }, inWords(error, userId)), error.status === 401 && keyForm());
    }
  };
  const keyForm = () => {
    const input = el('input', { type: 'password', autocomplete: 'off', name: 'api-key' });
    const form = el(
      'form',
      { class: 'who' },
      el('label', { class: 'field' }, el('span', { class: 'field-label' }, 'API key'), input),
      el('button', { type: 'submit', class: 'button' }, 'Use it'),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      key = input.value;
      void guarded(load);
    });
    return form;
  };
  const show = async (isChange: boolean): Promise<Change | null> => {
    const of = userId;
    const [ratings, { recommendations, model }] = await Promise.all([
      api.history(of, historyLimit),
      api.recommendations(of),
    ]);
    if (isOver || of !== userId) return null;
    const ids = (list: readonly Recommended[]) => list.map(({ movie_id: movieId }) => movieId);
    const focused = root.contains(document.activeElement)
      ? document.activeElement?.closest('[data-movie]')?.getAttribute('data-movie')
      : null;
    const change = isChange && listed ? compareLists(ids(listed), ids(recommendations)) : null;
    listed = recommendations;
    replaceGently(
      history,
      ratings.map((rated) => historyItem(rated, actions)),
    );
    replaceGently(
      wanted,
      recommendations.map((film) => recommendedItem(film, change, actions)),
    );
    // wherever the film is now, whoever was at it goes on there
    if (focused)
      root.querySelector<HTMLElement>(`[data-movie="${focused}"] input`)?.focus({ preventScroll: true });
    older.hidden = ratings.length < historyLimit || historyLimit >= MOST_HISTORY;
    if (ratings.length === 0) fill(history, el('li', { class: 'muted' }, 'nothing rated or watched yet'));
    asOf.textContent = `model version ${model.version.toLocaleString('en-US')}${model.as_of.ts === null ? '' : `, knows ratings up to ${model.as_of.ts.slice(0, 19).replace('T', ' ')} UTC`}`;
    return change;
  };
  const change = (what: string, write: () => Promise<void>) =>
    guarded(async () => {
      const startedMs = performance.now();
      said.textContent = `${what}…`;
      await write();
      const found = await show(true);
      const tookMs = Math.round(performance.now() - startedMs);
      if (found) said.textContent = `${what}. ${found.words} (${tookMs} ms)`;
    });
  const actions: RatingActions = {
    onRate: (film, stars) =>
      void change(`${titleOf(film)} rated ${stars.toFixed(1)}`, () => api.rate(userId, film.movie_id, stars)),
    onUnrate: (film) =>
      void change(`Rating of ${titleOf(film)} taken back`, () => api.unrate(userId, film.movie_id)),
  };
  older.addEventListener('click', () => {
    historyLimit = Math.min(MOST_HISTORY, historyLimit * 4);
    void guarded(async () => void (await show(false)));
  });
  const load = async () => {
    listed = null;
    historyLimit = HISTORY_PAGE;
    said.textContent = '';
    await show(false);
    if (another.childElementCount === 0) fill(another, anotherFilm(await api.topFilms(), actions));
  };

  const who = el('input', { type: 'number', min: '1', name: 'user', value: userId, inputmode: 'numeric' });
  const form = el(
    'form',
    { class: 'who' },
    el('label', { class: 'field' }, el('span', { class: 'field-label' }, 'User'), who),
    el('button', { type: 'submit', class: 'button' }, 'Show'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!/^[1-9]\d{0,9}$/.test(who.value)) return;
    userId = who.value;
    onUser(userId);
    history.replaceChildren();
    wanted.replaceChildren();
    void guarded(load);
  });
  fill(
    root,
    pageHead({ title: 'Recommendations', lead: 'Change a rating: the list follows within a second.' }, form),
    fault,
    said,
    el(
      'div',
      { class: 'two' },
      el('section', { 'aria-labelledby': 'wanted' }, el('h2', { id: 'wanted' }, 'Recommended'), asOf, wanted),
      el(
        'section',
        { 'aria-labelledby': 'history' },
        el('h2', { id: 'history' }, 'Rated and watched'),
        another,
        history,
        older,
      ),
    ),
  );
  void guarded(load);
  return {
    end() {
      isOver = true;
    },
  };
}

/** Films that everybody knows, to tell the model something new. */
function anotherFilm(films: readonly Film[], { onRate }: RatingActions): HTMLElement {
  const sorted = films.toSorted((a, b) => titleOf(a).localeCompare(titleOf(b)));
  const select = el(
    'select',
    { name: 'another' },
    ...sorted.map((film) => el('option', { value: film.movie_id }, titleOf(film))),
  );
  const stars = el('div');
  const pick = () => {
    const film = sorted.find(({ movie_id: movieId }) => String(movieId) === select.value);
    if (film)
      fill(
        stars,
        createStars(titleOf(film), null, (value) => onRate(film, value)),
      );
  };
  select.addEventListener('change', pick);
  pick();
  return el(
    'div',
    { class: 'another-row' },
    el('label', { class: 'field' }, el('span', { class: 'field-label' }, 'Rate another film'), select),
    stars,
  );
}

function inWords({ status, message }: ApiFault, userId: string): string {
  if (status === 404) return `There is no user ${userId}.`;
  return `${message[0]!.toUpperCase()}${message.slice(1)}`;
}
