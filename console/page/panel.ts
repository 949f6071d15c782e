/// <reference lib="dom" />
import type { Panel } from '../drawing/dashboard.ts';
import type { TargetData } from '../drawing/data.ts';
import { el, fill } from '../look/dom.ts';
import { createDrawer, type PanelDrawTools } from './panel-drawer.ts';
import { ServerFault } from './server.ts';

export type PanelTools = PanelDrawTools & {
  /** data of one target; rejects with ServerFault */
  readonly load: (panel: Panel, refId: string, points: number, signal: AbortSignal) => Promise<TargetData>;
};

export interface PanelView {
  readonly element: HTMLElement;
  /** asks for the data and draws it; never rejects, what went wrong stands in the panel */
  refresh(signal: AbortSignal): Promise<void>;
  redraw(): void;
  end(): void;
}

/** A panel in its frame: title, what it shows, its drawing, and the same as a table. */
export function createPanel(panel: Panel, tools: PanelTools): PanelView {
  const drawer = createDrawer(panel, tools);
  const body = el('div', { class: 'panel-body' }, el('p', { class: 'panel-note loading' }, 'Loading…'));
  let answers: TargetData[] | null = null;
  let showsTable = false;
  const isTable = panel.type === 'table';
  const redraw = () => {
    if (!answers) return;
    const drawn = drawer.take(answers);
    if (drawn.isEmpty) return note(body, panel.fieldConfig?.defaults.noValue ?? 'no data');
    const element = showsTable || isTable ? drawn.asTable() : drawn.draw();
    const present = body.firstElementChild;
    if (present === element) return;
    // the frame of a table stays: whoever has scrolled or tabbed into it stays there too
    if (present?.matches('.scroll') && element.matches('.scroll'))
      return present.replaceChildren(...element.childNodes);
    fill(body, element);
    if (!showsTable && !isTable) drawn.draw();
  };
  const id = `panel-${panel.id}`;
  const toggle = el('button', { type: 'button', class: 'button plain', 'aria-pressed': 'false' }, 'Table');
  toggle.addEventListener('click', () => {
    showsTable = !showsTable;
    toggle.setAttribute('aria-pressed', String(showsTable));
    redraw();
  });
  const about = panel.description ? aboutBox(panel.description, id) : null;
  const element = el(
    'section',
    {
      class: `panel panel-${panel.type}`,
      'aria-labelledby': id,
      'data-panel': panel.id,
      style: {
        '--w': String(panel.gridPos.w),
        '--h': String(panel.gridPos.h),
        '--x': String(panel.gridPos.x + 1),
      },
    },
    el(
      'header',
      { class: 'panel-head' },
      el('h3', { id }, panel.title),
      el('div', { class: 'panel-tools' }, isTable ? null : toggle, about?.button ?? null),
    ),
    about?.text ?? null,
    body,
  );
  return {
    element,
    async refresh(signal) {
      try {
        const points = Math.min(1_000, Math.max(60, Math.round(body.clientWidth / 3)));
        const targets = panel.targets ?? [];
        answers = await Promise.all(targets.map(({ refId }) => tools.load(panel, refId, points, signal)));
        element.removeAttribute('data-fault');
        redraw();
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ServerFault)) throw error;
        answers = null;
        element.setAttribute('data-fault', '');
        note(body, error.message);
      }
    },
    redraw,
    end: () => drawer.end(),
  };
}

function note(body: HTMLElement, text: string): void {
  const present = body.firstElementChild;
  if (present?.matches('.panel-note:not(.loading)') && present.textContent === text) return;
  fill(body, el('p', { class: 'panel-note' }, text));
}

/** What it shows and which value is good, where one asks for it. */
function aboutBox(description: string, id: string): { button: HTMLElement; text: HTMLElement } {
  const paragraphs = description.split('\n\n').map((text) => el('p', {}, text));
  const text = el('div', { class: 'panel-about', id: `${id}-about`, hidden: true }, ...paragraphs);
  const button = el(
    'button',
    {
      type: 'button',
      class: 'button plain',
      'aria-expanded': 'false',
      'aria-controls': `${id}-about`,
    },
    'About',
  );
  button.addEventListener('click', () => {
    text.hidden = !text.hidden;
    button.setAttribute('aria-expanded', String(!text.hidden));
  });
  return { button, text };
}
