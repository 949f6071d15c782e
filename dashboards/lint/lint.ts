import { type DashboardJson, type PanelJson, panelsOf } from './dashboard-json.ts';
import { type KnownSeries, promqlFaults, targetFaults } from './lint-queries.ts';

const COLUMNS = 24;
/** What the console draws too. */
const DRAWN = ['timeseries', 'stat', 'table', 'state-timeline', 'barchart'];
const TRANSFORMED = ['organize', 'groupingToMatrix'];
const SOURCES = ['$' + '{datasource}', '$' + '{clickhouse}'];

/** Everything that is wrong with a dashboard, one line each; empty when it is well. */
export function dashboardFaults(dashboard: DashboardJson, known: KnownSeries): string[] {
  const at = (place: string, faults: readonly string[]) => faults.map((fault) => `${place}: ${fault}`);
  const panels = panelsOf(dashboard);
  return [
    ...at('dashboard', frameFaults(dashboard, known)),
    ...panels.flatMap((panel) => at(panel.title ?? 'a panel', panelFaults(panel, known))),
    ...at('grid', gridFaults(dashboard.panels ?? [])),
    ...at('dashboard', titleFaults(panels)),
  ];
}

function frameFaults(dashboard: DashboardJson, known: KnownSeries): string[] {
  const faults: string[] = [];
  if (!dashboard.uid) faults.push('has no uid');
  if (!dashboard.title || !dashboard.description) faults.push('needs a title and the question it answers');
  if (dashboard.editable !== false) faults.push('can be edited: the next start would undo it');
  if (dashboard.timezone !== 'utc') faults.push('is not in UTC');
  const defined = new Set((dashboard.templating?.list ?? []).map(({ name }) => name));
  for (const [, name] of JSON.stringify(dashboard).matchAll(/\$\{?([a-z]\w*)\}?/g)) {
    if (!name!.startsWith('__') && !defined.has(name!)) faults.push(`the variable ${name} is not defined`);
  }
  for (const { name, type, query } of dashboard.templating?.list ?? []) {
    if (type !== 'query' || typeof query !== 'string') continue;
    const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(query) ?? [];
    if (!metric || !known.get(metric)?.has(label!))
      faults.push(`the variable ${name} asks for what is not there`);
  }
  const alerts = dashboard.annotations?.list?.find(({ name }) => name === 'Alerts');
  if (!alerts?.expr) faults.push('does not mark alerts');
  else faults.push(...promqlFaults(alerts.expr, known));
  return faults;
}

function panelFaults(panel: PanelJson, known: KnownSeries): string[] {
  const faults: string[] = [];
  const { type, title, description, targets = [], fieldConfig, transformations = [] } = panel;
  const { unit, noValue, thresholds } = fieldConfig?.defaults ?? {};
  if (!DRAWN.includes(type)) faults.push(`the console does not draw ${type}`);
  for (const { id } of transformations) {
    if (!TRANSFORMED.includes(id)) faults.push(`the console does not know the transformation ${id}`);
  }
  if (!title || !description) faults.push('needs a title and a description');
  if (!unit) faults.push('needs a unit');
  if (!noValue) faults.push('does not say what it means when there is no data');
  const steps = thresholds?.steps ?? [];
  if (steps[0]?.value !== null) faults.push('has no colour for the lowest values');
  if (
    steps.some(({ value }, i) => i > 0 && (value === null || value <= (steps[i - 1]!.value ?? -Infinity)))
  ) {
    faults.push('has thresholds that do not rise');
  }
  if (type === 'stat' && steps.length < 2) faults.push('is a number that nobody judges: it needs thresholds');
  if (targets.length === 0) faults.push('asks nothing');
  if (new Set(targets.map(({ refId }) => refId)).size < targets.length) faults.push('uses a refId twice');
  for (const target of targets) {
    const source = target.datasource?.uid ?? panel.datasource?.uid ?? '';
    if (!SOURCES.includes(source)) faults.push(`the data source ${source} is fixed`);
    if (targets.length > 1 && target.expr !== undefined && !target.legendFormat)
      faults.push('has a line without a name');
    faults.push(...targetFaults(target, known));
  }
  return faults;
}

function gridFaults(panels: readonly PanelJson[]): string[] {
  const placed = panels.filter(({ gridPos }) => gridPos);
  return placed.flatMap(({ title = 'a panel', gridPos }, i) => {
    const a = gridPos!;
    if (a.x + a.w > COLUMNS) return [`${title} is wider than the page`];
    return placed.slice(i + 1).flatMap(({ title: other = 'a panel', gridPos: b }) => {
      const apart = b!.x >= a.x + a.w || a.x >= b!.x + b!.w || b!.y >= a.y + a.h || a.y >= b!.y + b!.h;
      return apart ? [] : [`${title} lies on ${other}`];
    });
  });
}

function titleFaults(panels: readonly PanelJson[]): string[] {
  const titles = panels.map(({ title }) => title);
  return titles.filter((title, i) => titles.indexOf(title) < i).map((title) => `has two panels ${title}`);
}
