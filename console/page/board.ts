/// <reference lib="dom" />
import type { Dashboard, Panel } from '../drawing/dashboard.ts';
import type { TargetData } from '../drawing/data.ts';
import { parseTime, type Range, type RangeText, utcText } from '../drawing/time-range.ts';
import { el, fill } from '../look/dom.ts';
import { createCrosshair } from './crosshair.ts';
import type { Mark } from './drawing.ts';
import { createPanel, type PanelTools, type PanelView } from './panel.ts';
import { type Route, routeText } from './route.ts';
import { ask, ServerFault } from './server.ts';
import { createToolbar } from './toolbar.ts';
import type { View } from './view.ts';

/** One dashboard. What it is seen through stands in the address, so that a link shows the same. */
export async function openBoard(route: Route, root: HTMLElement): Promise<View> {
  const board = await ask<Dashboard>('/console/dashboard', { uid: route.name });
  const range: RangeText = {
    from: route.given.get('from') ?? board.time.from,
    to: route.given.get('to') ?? board.time.to,
  };
  const refreshSeconds = Number(route.given.get('refresh') ?? secondsOf(board.refresh));
  const variables = board.templating.list.filter(({ type }) => type === 'query');
  const chosen = new Map(variables.map(({ name }) => [name, route.given.getAll(`var-${name}`)]));
  const go = (change: (given: URLSearchParams) => void) => {
    const given = new URLSearchParams(route.given);
    change(given);
    location.hash = routeText({ ...route, given });
  };
  let seen: Range = readRange(range);
  let marks: readonly Mark[] = [];
  let round = new AbortController();
  const parameters = () => {
    const given = new URLSearchParams({ dashboard: board.uid, from: range.from, to: range.to });
    for (const [name, values] of chosen) for (const value of values) given.append(`var-${name}`, value);
    return given;
  };
  const tools: PanelTools = {
    crosshair: createCrosshair(),
    range: () => seen,
    marks: () => marks,
    onZoom: (from, to) =>
      go((given) => {
        given.set('from', String(from * 1_000));
        given.set('to', String(to * 1_000));
      }),
    load: (panel, refId, points, signal) => {
      const given = parameters();
      given.set('panel', String(panel.id));
      given.set('target', refId);
      given.set('points', String(points));
      return ask<TargetData>('/console/data', given, signal);
    },
  };
  const alertNotes = el('div', { class: 'marks' });
  const views = new Map<Element, PanelView>();
  const visible = new Set<PanelView>();
  const sections = inSections(board.panels).map(({ title, panels }) => {
    const made = panels.map((panel) => createPanel(panel, tools));
    for (const view of made) views.set(view.element, view);
    const grid = el('div', { class: 'grid' }, ...made.map(({ element }) => element));
    return el('section', { class: 'board-row' }, title === '' ? null : el('h2', {}, title), grid);
  });
  const refresh = async (these: Iterable<PanelView>) => {
    seen = readRange(range);
    await Promise.all([...these].map((view) => view.refresh(round.signal)));
  };
  const refreshAll = async () => {
    round.abort();
    round = new AbortController();
    const before = JSON.stringify(marks);
    const [found] = await Promise.all([readMarks(board, range, round.signal), refresh(visible)]);
    if (round.signal.aborted || found === null) return;
    marks = found;
    tellMarks(alertNotes, marks);
    if (JSON.stringify(marks) !== before) for (const view of visible) view.redraw();
  };
  // panels that nobody sees are not asked for; those that come into view are, at once
  const watcher = new IntersectionObserver(
    (entries) => {
      const fresh = entries.flatMap(({ target, isIntersecting }) => {
        const view = views.get(target)!;
        if (!isIntersecting) visible.delete(view);
        return isIntersecting && !visible.has(view) ? [view] : [];
      });
      for (const view of fresh) visible.add(view);
      void refresh(fresh);
    },
    { rootMargin: '200px' },
  );
  const toolbar = el('div');
  const showToolbar = async () => {
    const listed = await Promise.all(
      variables.map(async (variable) => ({
        variable,
        values: await valuesOf(board.uid, variable.name, range),
        chosen: chosen.get(variable.name) ?? [],
      })),
    );
    fill(
      toolbar,
      createToolbar(
        { range, refreshSeconds, variables: listed },
        {
          onRange: ({ from, to }) =>
            go((given) => {
              given.set('from', from);
              given.set('to', to);
            }),
          onRefresh: (seconds) => go((given) => given.set('refresh', String(seconds))),
          onVariable: (name, values) =>
            go((given) => {
              given.delete(`var-${name}`);
              for (const value of values) given.append(`var-${name}`, value);
            }),
          onNow: () => void refreshAll(),
        },
      ),
    );
  };
  fill(
    root,
    el(
      'header',
      { class: 'page-head' },
      el('div', {}, el('h1', {}, board.title), el('p', { class: 'lead' }, board.description)),
      toolbar,
    ),
    alertNotes,
    ...sections,
    el('p', { class: 'muted small foot' }, 'Times in UTC. Drag across a chart to look closer.'),
  );
  for (const element of views.keys()) watcher.observe(element);
  await showToolbar();
  void readMarks(board, range, round.signal).then((found) => {
    if (found === null) return;
    marks = found;
    tellMarks(alertNotes, marks);
    for (const view of visible) view.redraw();
  });
  const timer =
    refreshSeconds > 0
      ? setInterval(() => {
          if (!document.hidden) void refreshAll();
        }, refreshSeconds * 1_000)
      : undefined;
  return {
    title: board.title,
    redraw: () => {
      for (const view of visible) view.redraw();
    },
    end() {
      clearInterval(timer);
      round.abort();
      watcher.disconnect();
      for (const view of views.values()) view.end();
    },
  };
}

function secondsOf(refresh: string | undefined): number {
  const [, amount = '0', unit = 's'] = /^(\d+)([sm])$/.exec(refresh ?? '') ?? [];
  return Number(amount) * (unit === 'm' ? 60 : 1);
}

function readRange({ from, to }: RangeText): Range {
  const now = Date.now() / 1_000;
  return { fromSeconds: parseTime(from, now), toSeconds: parseTime(to, now) };
}

function inSections(panels: readonly Panel[]): { title: string; panels: Panel[] }[] {
  const sections: { title: string; panels: Panel[] }[] = [];
  for (const panel of panels) {
    if (panel.type === 'row') sections.push({ title: panel.title, panels: [] });
    else if (sections.length === 0) sections.push({ title: '', panels: [panel] });
    else sections.at(-1)!.panels.push(panel);
  }
  return sections;
}

/** Null where they cannot be had: the panels say why. */
async function readMarks(
  { uid }: Dashboard,
  { from, to }: RangeText,
  signal: AbortSignal,
): Promise<readonly Mark[] | null> {
  try {
    return await ask<Mark[]>('/console/annotations', { dashboard: uid, from, to }, signal);
  } catch (error) {
    if (signal.aborted || error instanceof ServerFault) return null;
    throw error;
  }
}

async function valuesOf(dashboard: string, name: string, { from, to }: RangeText): Promise<string[]> {
  try {
    return await ask<string[]>('/console/variable', { dashboard, name, from, to });
  } catch (error) {
    if (error instanceof ServerFault) return [];
    throw error;
  }
}

/** What the red bands on the charts are. */
function tellMarks(place: HTMLElement, marks: readonly Mark[]): void {
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
