/// <reference lib="dom" />
import type { Dashboard, Panel, Variable } from '../drawing/dashboard.ts';
import type { TargetData } from '../drawing/data.ts';
import type { RangeText } from '../drawing/time-range.ts';
import { el, fill } from '../look/dom.ts';
import { pageHead } from '../look/page-head.ts';
import { type BoardAddress, readBoardAddress } from './board-address.ts';
import { createCrosshair } from './crosshair.ts';
import { createMarks } from './marks.ts';
import { createPanel, type PanelTools, type PanelView } from './panel.ts';
import { watchPanels } from './panel-crowd.ts';
import type { Route } from './route.ts';
import { ask, ServerFault } from './server.ts';
import { createToolbar } from './toolbar.ts';
import type { View } from './view.ts';

/** One dashboard. What it is seen through stands in the address, so that a link shows the same. */
export async function openBoard(route: Route, root: HTMLElement): Promise<View> {
  const board = await ask<Dashboard>('/console/dashboard', { uid: route.name });
  const address = readBoardAddress(board, route);
  const marks = createMarks(board.uid, address.range);
  let round = new AbortController();
  let span = address.span();
  const tools: PanelTools = {
    crosshair: createCrosshair(),
    range: () => span,
    marks: marks.current,
    onZoom: address.zoom,
    load: (panel, refId, points, signal) => loadTarget(address, panel, refId, points, signal),
  };
  const sections = inSections(board.panels).map(({ title, panels }) => ({
    title,
    views: panels.map((panel) => createPanel(panel, tools)),
  }));
  const toolbar = el('div');
  fill(root, ...layOut(board, toolbar, marks.element, sections));
  const crowd = watchPanels(
    sections.flatMap(({ views }) => views),
    () => round.signal,
  );
  const refreshMarks = async () => {
    if (await marks.refresh(round.signal)) crowd.redraw();
  };
  const refresh = async () => {
    round.abort();
    round = new AbortController();
    span = address.span();
    await Promise.all([refreshMarks(), crowd.refresh(round.signal)]);
  };
  const variables = await readVariables(board, address);
  const { range, refreshSeconds, actions } = address;
  const state = { range, refreshSeconds, variables };
  fill(toolbar, createToolbar(state, { ...actions, onNow: () => void refresh() }));
  void refreshMarks();
  const timer = every(refreshSeconds, () => void refresh());
  return {
    title: board.title,
    redraw: crowd.redraw,
    end() {
      clearInterval(timer);
      round.abort();
      crowd.end();
    },
  };
}

/** Nobody looks at a page that is hidden. */
function every(seconds: number, work: () => void): ReturnType<typeof setInterval> | undefined {
  if (!(seconds > 0)) return undefined;
  return setInterval(() => {
    if (!document.hidden) work();
  }, seconds * 1_000);
}

function loadTarget(
  address: BoardAddress,
  panel: Panel,
  refId: string,
  points: number,
  signal: AbortSignal,
): Promise<TargetData> {
  const given = address.parameters();
  given.set('panel', String(panel.id));
  given.set('target', refId);
  given.set('points', String(points));
  return ask<TargetData>('/console/data', given, signal);
}

interface Section<T> {
  readonly title: string;
  readonly views: readonly T[];
}

function layOut(
  { title, description }: Dashboard,
  toolbar: HTMLElement,
  marks: HTMLElement,
  sections: readonly Section<PanelView>[],
): HTMLElement[] {
  return [
    pageHead({ title, lead: description }, toolbar),
    marks,
    ...sections.map((section) =>
      el(
        'section',
        { class: 'board-row' },
        section.title === '' ? null : el('h2', {}, section.title),
        el('div', { class: 'grid' }, ...section.views.map(({ element }) => element)),
      ),
    ),
    el('p', { class: 'muted small foot' }, 'Times in UTC. Drag across a chart to look closer.'),
  ];
}

/** A row panel begins a section. */
function inSections(panels: readonly Panel[]): { title: string; panels: Panel[] }[] {
  const sections: { title: string; panels: Panel[] }[] = [];
  for (const panel of panels) {
    if (panel.type === 'row') sections.push({ title: panel.title, panels: [] });
    else if (sections.length === 0) sections.push({ title: '', panels: [panel] });
    else sections.at(-1)!.panels.push(panel);
  }
  return sections;
}

async function readVariables({ uid, templating }: Dashboard, { range, chosen }: BoardAddress) {
  const variables = templating.list.filter(({ type }) => type === 'query');
  return Promise.all(
    variables.map(async (variable) => ({
      variable,
      values: await valuesOf(uid, variable, range),
      chosen: chosen(variable.name),
    })),
  );
}

/** None where they cannot be had: the panels say why. */
async function valuesOf(dashboard: string, { name }: Variable, range: RangeText): Promise<string[]> {
  try {
    return await ask<string[]>('/console/variable', { dashboard, name, ...range });
  } catch (error) {
    if (error instanceof ServerFault) return [];
    throw error;
  }
}
