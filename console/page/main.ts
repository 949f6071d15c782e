/// <reference lib="dom" />
import { el, fill } from '../look/dom.ts';
import { openAlerts } from './alerts.ts';
import { openBoard } from './board.ts';
import { openQuestions } from './questions.ts';
import { openRecommendations } from './recommendations.ts';
import { parseRoute, type Route } from './route.ts';
import { ask, ServerFault } from './server.ts';
import type { View } from './view.ts';

interface State {
  readonly version: string;
  readonly dashboards: readonly { readonly uid: string; readonly title: string }[];
  readonly sources: readonly { readonly name: string; readonly answers: boolean; readonly without: string }[];
}

const OPEN: Readonly<Record<Route['page'], (route: Route, root: HTMLElement) => Promise<View>>> = {
  dashboard: openBoard,
  alerts: openAlerts,
  questions: openQuestions,
  recommendations: openRecommendations,
};
const STATE_INTERVAL_MS = 15_000;

const main = document.querySelector('main')!;
const nav = document.querySelector('nav')!;
const menu = document.querySelector<HTMLButtonElement>('.menu')!;
const sources = el('p', { class: 'sources', role: 'status' });
let view: View | null = null;
let opened = '';

async function show(): Promise<void> {
  const { hash } = location;
  const route = parseRoute(hash);
  const before = opened;
  const isSame = before !== '' && samePage(before) === samePage(hash);
  const focused = isSame ? document.activeElement?.getAttribute('name') : null;
  // the page keeps its height while it is drawn anew, so that nobody is scrolled away
  if (isSame) main.style.setProperty('min-height', `${main.offsetHeight}px`);
  opened = hash;
  view?.end();
  view = null;
  markCurrent(route);
  menu.setAttribute('aria-expanded', 'false');
  const root = el('div', { class: `page page-${route.page}` });
  try {
    // what is opened needs a place with a size
    fill(main, root);
    const next = await OPEN[route.page](route, root);
    if (opened !== hash) return next.end();
    view = next;
  } catch (error) {
    if (!(error instanceof ServerFault)) throw error;
    fill(root, el('h1', {}, 'This cannot be shown'), el('p', { class: 'fault' }, error.message));
  }
  document.title = `${view?.title ?? 'Fault'} · Reelstream`;
  main.style.removeProperty('min-height');
  if (focused) root.querySelector<HTMLElement>(`[name="${CSS.escape(focused)}"]`)?.focus();
  // another page, not the same one seen differently: who listens or tabs begins there
  if (before !== '' && !isSame) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

const samePage = (hash: string): string => hash.split('?', 1)[0]!;

function markCurrent({ page, name }: Route): void {
  for (const link of nav.querySelectorAll('a')) {
    const target = parseRoute(link.hash);
    const isHere = target.page === page && (page !== 'dashboard' || target.name === name);
    if (isHere) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

function showNav({ dashboards }: State): void {
  const link = (href: string, text: string) => el('li', {}, el('a', { href }, text));
  fill(
    nav,
    el('h2', { class: 'nav-head' }, 'Dashboards'),
    el('ul', {}, ...dashboards.map(({ uid, title }) => link(`#/dashboard/${uid}`, title))),
    el('h2', { class: 'nav-head' }, 'Ask and act'),
    el(
      'ul',
      {},
      link('#/alerts', 'Alerts'),
      link('#/questions', 'Questions'),
      link('#/recommendations', 'Recommendations'),
    ),
    themeButton(),
  );
  document.querySelector('.shell')!.append(sources);
}

/** One line, and only where something is missing. */
function showSources(state: State['sources']): void {
  const missing = state.filter(({ answers }) => !answers);
  const text = missing.map(({ name, without }) => `${name} does not answer: ${without}.`).join(' ');
  if (sources.textContent !== text) sources.textContent = text;
  sources.hidden = text === '';
}

const THEMES = ['as the system', 'light', 'dark'] as const;

function themeButton(): HTMLElement {
  const button = el('button', { type: 'button', class: 'button plain theme' });
  const set = (theme: string) => {
    if (theme === THEMES[0]) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Colours: ${theme}`;
  };
  const stored = localStorage.getItem('theme') ?? THEMES[0];
  set(stored);
  button.addEventListener('click', () => {
    const now = THEMES.findIndex((one) => button.textContent!.endsWith(one));
    const next = THEMES[(now + 1) % THEMES.length]!;
    localStorage.setItem('theme', next);
    set(next);
    view?.redraw();
  });
  return button;
}

async function lookAtState(): Promise<State | null> {
  try {
    const state = await ask<State>('/console/state');
    showSources(state.sources);
    return state;
  } catch (error) {
    if (!(error instanceof ServerFault)) throw error;
    sources.textContent = `${error.message[0]!.toUpperCase()}${error.message.slice(1)}`;
    sources.hidden = false;
    return null;
  }
}

menu.addEventListener('click', () => {
  const isOpen = menu.getAttribute('aria-expanded') === 'true';
  menu.setAttribute('aria-expanded', String(!isOpen));
});
addEventListener('hashchange', () => void show());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => view?.redraw());
setInterval(() => {
  if (!document.hidden) void lookAtState();
}, STATE_INTERVAL_MS);

const state = await lookAtState();
if (state) showNav(state);
await show();
