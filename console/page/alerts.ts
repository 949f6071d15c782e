/// <reference lib="dom" />
import { utcText } from '../drawing/time-range.ts';
import { el, fill } from '../look/dom.ts';
import { pageHead } from '../look/page-head.ts';
import type { AlertList, OpenAlert } from '../server/alerts.ts';
import { renderMarkdown } from './markdown.ts';
import type { Route } from './route.ts';
import { ask, ServerFault } from './server.ts';
import type { View } from './view.ts';

const REFRESH_MS = 5_000;
const STATES = {
  firing: 'firing',
  waiting: 'pending: not told to anybody yet',
  quiet: 'kept quiet by another alert or a silence',
};

/** Open alerts with what to do about them; behind each its runbook. */
export async function openAlerts({ name }: Route, root: HTMLElement): Promise<View> {
  if (name !== '') return openRunbook(name, root);
  const status = el('div', { 'aria-live': 'polite' });
  const open = el('div', { class: 'alert-list' });
  const known = el('dl', { class: 'known-alerts' });
  fill(
    root,
    pageHead({ title: 'Alerts', lead: 'What is wrong now, and what to do about it.' }),
    status,
    open,
    el('section', { class: 'board-row' }, el('h2', {}, 'Every alert there is'), known),
  );
  const refresh = async () => {
    try {
      show(await ask<AlertList>('/console/alerts'), status, open, known);
    } catch (error) {
      if (!(error instanceof ServerFault)) throw error;
      fill(status, el('p', { class: 'fault' }, error.message));
    }
  };
  await refresh();
  const timer = setInterval(() => {
    if (!document.hidden) void refresh();
  }, REFRESH_MS);
  return { title: 'Alerts', redraw() {}, end: () => clearInterval(timer) };
}

function show(
  { open, known, missing }: AlertList,
  status: HTMLElement,
  list: HTMLElement,
  all: HTMLElement,
): void {
  const real = open.filter(({ severity }) => severity !== 'heartbeat');
  const beats = open.length - real.length;
  const isBlind = missing.length === 2;
  const verdict = isBlind
    ? 'Nobody can say whether anything is wrong.'
    : real.length === 0
      ? `Nothing is wrong${beats > 0 ? ', and the heartbeat of the watch arrives' : ''}.`
      : null;
  const lines = [
    ...missing.map((text) => ({ text, tone: 'fault' })),
    ...(verdict ? [{ text: verdict, tone: '' }] : []),
  ];
  const now = lines.map(({ text }) => text).join('\n');
  if (status.dataset.said !== now) {
    status.dataset.said = now;
    fill(status, ...lines.map(({ text, tone }) => el('p', { class: tone || 'verdict' }, text)));
  }
  const focused = document.activeElement?.getAttribute('href');
  fill(list, ...real.map(alertCard));
  if (focused) list.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus();
  if (all.childElementCount > 0) return;
  fill(
    all,
    ...known.flatMap(({ name, severity, means }) => [
      el('dt', {}, el('a', { href: hrefOf(name) }, name), badge(severity)),
      el('dd', { class: 'muted' }, means),
    ]),
  );
}

function alertCard({ name, state, severity, summary, labels, since }: OpenAlert): HTMLElement {
  const about = Object.entries(labels).map(([label, value]) => `${label} ${value}`);
  const when = since === null ? '' : `since ${utcText(Date.parse(since) / 1_000)} UTC`;
  return el(
    'article',
    { class: 'alert', 'data-state': state, 'data-severity': severity },
    el('h2', {}, el('a', { href: hrefOf(name) }, name), badge(severity)),
    el('p', {}, summary),
    el(
      'p',
      { class: 'muted small' },
      [STATES[state], when, ...about].filter((text) => text !== '').join(' · '),
    ),
  );
}

const hrefOf = (name: string): string => `#/alerts/${encodeURIComponent(name)}`;

function badge(severity: string): HTMLElement | null {
  return severity === '' ? null : el('span', { class: 'badge', 'data-severity': severity }, severity);
}

async function openRunbook(name: string, root: HTMLElement): Promise<View> {
  const { markdown } = await ask<{ markdown: string }>('/console/runbook', { alert: name });
  const linkOf = (address: string) => {
    const page = /^(\w+)\.md$/.exec(address)?.[1];
    return page ? hrefOf(page) : null;
  };
  const [, ...sections] = renderMarkdown(markdown, linkOf);
  fill(
    root,
    pageHead({ title: name, above: { title: 'Alerts', href: '#/alerts' } }),
    el('article', { class: 'prose' }, ...sections),
  );
  return { title: name, redraw() {}, end() {} };
}
