/// <reference lib="dom" />
import type { Variable } from '../drawing/dashboard.ts';
import { type RangeText, utcText } from '../drawing/time-range.ts';
import { el } from '../look/dom.ts';

export interface ToolbarState {
  readonly range: RangeText;
  /** seconds, 0 = never */
  readonly refreshSeconds: number;
  readonly variables: readonly {
    readonly variable: Variable;
    readonly values: readonly string[];
    readonly chosen: readonly string[];
  }[];
}

export interface ToolbarActions {
  readonly onRange: (range: RangeText) => void;
  readonly onRefresh: (seconds: number) => void;
  readonly onVariable: (name: string, chosen: readonly string[]) => void;
  readonly onNow: () => void;
}

const RANGES: readonly (readonly [from: string, text: string])[] = [
  ['now-5m', '5 minutes'],
  ['now-15m', '15 minutes'],
  ['now-30m', '30 minutes'],
  ['now-1h', '1 hour'],
  ['now-3h', '3 hours'],
  ['now-12h', '12 hours'],
  ['now-24h', '24 hours'],
  ['now-7d', '7 days'],
];
const REFRESHES: readonly (readonly [seconds: number, text: string])[] = [
  [0, 'never'],
  [1, 'every second'],
  [5, 'every 5 s'],
  [10, 'every 10 s'],
  [30, 'every 30 s'],
  [60, 'every minute'],
];
const ALL = '';

/** What a dashboard is seen through: variables, span of time, refresh. */
export function createToolbar(state: ToolbarState, actions: ToolbarActions): HTMLElement {
  const now = el('button', { type: 'button', class: 'button' }, 'Refresh');
  now.addEventListener('click', actions.onNow);
  return el(
    'div',
    { class: 'toolbar', role: 'group', 'aria-label': 'What is shown' },
    ...state.variables.map((one) => variableField(one, actions)),
    rangeField(state.range, actions),
    field(
      'Refresh',
      'refresh',
      REFRESHES.map(([seconds, text]) => [String(seconds), text]),
      String(state.refreshSeconds),
      (value) => actions.onRefresh(Number(value)),
    ),
    now,
  );
}

function rangeField({ from, to }: RangeText, { onRange }: ToolbarActions): HTMLElement {
  const isLive = to === 'now' && RANGES.some(([known]) => known === from);
  const own: [string, string][] = isLive ? [] : [['own', spanText(from, to)]];
  const last = RANGES.map(([known, text]): [string, string] => [known, `last ${text}`]);
  return field('Time', 'range', [...own, ...last], isLive ? from : 'own', (value) => {
    if (value !== 'own') onRange({ from: value, to: 'now' });
  });
}

function spanText(from: string, to: string): string {
  const read = (text: string) => (/^\d+$/.test(text) ? utcText(Number(text) / 1_000).slice(5) : text);
  return `${read(from)} to ${read(to)}`;
}

function variableField(
  { variable, values, chosen }: ToolbarState['variables'][number],
  { onVariable }: ToolbarActions,
): HTMLElement {
  const several: [string, string][] = chosen.length > 1 ? [['several', chosen.join(', ')]] : [];
  const all: [string, string][] = variable.includeAll ? [[ALL, 'all']] : [];
  const listed = [...new Set([...values, ...(chosen.length === 1 ? chosen : [])])];
  const options = [...several, ...all, ...listed.map((value): [string, string] => [value, value])];
  const selected = chosen.length > 1 ? 'several' : (chosen[0] ?? ALL);
  return field(variable.label ?? variable.name, `var-${variable.name}`, options, selected, (value) => {
    if (value !== 'several') onVariable(variable.name, value === ALL ? [] : [value]);
  });
}

function field(
  label: string,
  name: string,
  options: readonly (readonly [value: string, text: string])[],
  selected: string,
  onChange: (value: string) => void,
): HTMLElement {
  const select = el(
    'select',
    { name },
    ...options.map(([value, text]) => el('option', { value, selected: value === selected }, text)),
  );
  select.addEventListener('change', () => onChange(select.value));
  return el('label', { class: 'field' }, el('span', { class: 'field-label' }, label), select);
}
