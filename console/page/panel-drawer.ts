/// <reference lib="dom" />
import { toBars } from '../drawing/bars.ts';
import type { Panel } from '../drawing/dashboard.ts';
import type { Lines, TargetData } from '../drawing/data.ts';
import { lastKnown, toLines } from '../drawing/lines.ts';
import { toTable } from '../drawing/table.ts';
import { barText, createBarChart } from './bar-chart.ts';
import { dataTable, linesTable, type TableLook } from './data-table.ts';
import type { Drawing, DrawTools } from './drawing.ts';
import { createStat } from './stat.ts';
import { createStateTimeline } from './state-timeline.ts';
import { createTimeChart } from './time-chart.ts';

/** What a panel's answers come to. */
export interface Drawn {
  readonly isEmpty: boolean;
  draw(): HTMLElement;
  asTable(): HTMLElement;
}

/** Turns a panel's answers, one per target, into its drawing. */
export interface Drawer {
  take(answers: readonly TargetData[]): Drawn;
  end(): void;
}

export type PanelDrawTools = Omit<DrawTools, 'title' | 'unit' | 'steps'>;

/** The drawer for the panel's kind; a kind that is not known is shown as a table. */
export function createDrawer(panel: Panel, tools: PanelDrawTools): Drawer {
  const { unit = 'none', thresholds, mappings = [] } = panel.fieldConfig?.defaults ?? {};
  const look = { caption: panel.title, unit, overrides: panel.fieldConfig?.overrides ?? [] };
  const drawTools: DrawTools = { ...tools, title: panel.title, unit, steps: thresholds?.steps ?? [] };
  switch (panel.type) {
    case 'timeseries':
      return overTime(panel, look, () => createTimeChart(drawTools));
    case 'stat':
      return overTime(panel, look, () => createStat(drawTools, mappings));
    case 'state-timeline':
      return overTime(panel, look, () => createStateTimeline(drawTools));
    case 'barchart':
      return asBars(panel, look);
    default:
      return asRows(panel, look);
  }
}

function overTime(panel: Panel, look: TableLook, create: () => Drawing<Lines>): Drawer {
  const drawing = lazily(create);
  return {
    take(answers) {
      const legends = panel.targets?.map(({ legendFormat }) => legendFormat) ?? [];
      const lines = toLines(answers.map((data, i) => ({ legendFormat: legends[i], data })));
      return {
        isEmpty: !lines.lines.some(({ values }) => lastKnown(values) !== null),
        draw: () => draw(drawing.get(), lines),
        asTable: () => linesTable(lines, look),
      };
    },
    end: drawing.end,
  };
}

function asBars(panel: Panel, look: TableLook): Drawer {
  const isUpright = panel.options?.orientation === 'vertical';
  const drawing = lazily(() => createBarChart({ title: panel.title, text: barText(look.unit), isUpright }));
  return {
    take(answers) {
      const table = toTable(answers[0]!, panel.transformations);
      const bars = toBars(table, panel.options?.xField);
      return {
        isEmpty: bars.labels.length === 0,
        draw: () => draw(drawing.get(), bars),
        asTable: () => dataTable(table, look),
      };
    },
    end: drawing.end,
  };
}

function asRows(panel: Panel, look: TableLook): Drawer {
  return {
    take(answers) {
      const table = toTable(answers[0]!, panel.transformations);
      const asTable = () => dataTable(table, look);
      return { isEmpty: table.rows.length === 0, draw: asTable, asTable };
    },
    end() {},
  };
}

/** A drawing costs something, and a panel without data needs none. */
function lazily<T>(create: () => Drawing<T>): { get(): Drawing<T>; end(): void } {
  let made: Drawing<T> | null = null;
  return {
    get() {
      made ??= create();
      return made;
    },
    end: () => made?.end(),
  };
}

function draw<T>(drawing: Drawing<T>, data: T): HTMLElement {
  // an element that is not in the page has no size to draw to: the frame puts it there and asks again
  if (drawing.element.isConnected) drawing.draw(data);
  return drawing.element;
}
