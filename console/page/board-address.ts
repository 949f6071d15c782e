/// <reference lib="dom" />
import type { Dashboard } from '../drawing/dashboard.ts';
import { parseTime, type Range, type RangeText } from '../drawing/time-range.ts';
import { type Route, routeText } from './route.ts';
import type { ToolbarActions } from './toolbar.ts';

/** What a dashboard is seen through, as it stands in the address; what is not there is the dashboard's own. */
export interface BoardAddress {
  readonly range: RangeText;
  /** 0 = never */
  readonly refreshSeconds: number;
  chosen(variable: string): readonly string[];
  /** the span as it is now */
  span(): Range;
  /** for a request of data */
  parameters(): URLSearchParams;
  readonly actions: Omit<ToolbarActions, 'onNow'>;
  zoom(fromSeconds: number, toSeconds: number): void;
}

export function readBoardAddress(board: Dashboard, route: Route): BoardAddress {
  const { given } = route;
  const range: RangeText = {
    from: given.get('from') ?? board.time.from,
    to: given.get('to') ?? board.time.to,
  };
  const go = (change: (next: URLSearchParams) => void) => {
    const next = new URLSearchParams(given);
    change(next);
    location.hash = routeText({ ...route, given: next });
  };
  const setRange = (from: string, to: string) =>
    go((next) => {
      next.set('from', from);
      next.set('to', to);
    });
  return {
    range,
    refreshSeconds: Number(given.get('refresh') ?? secondsOf(board.refresh)),
    chosen: (variable) => given.getAll(`var-${variable}`),
    span() {
      const now = Date.now() / 1_000;
      return { fromSeconds: parseTime(range.from, now), toSeconds: parseTime(range.to, now) };
    },
    parameters() {
      const asked = new URLSearchParams({ dashboard: board.uid, ...range });
      for (const [name, value] of given) if (name.startsWith('var-')) asked.append(name, value);
      return asked;
    },
    actions: {
      onRange: ({ from, to }) => setRange(from, to),
      onRefresh: (seconds) => go((next) => next.set('refresh', String(seconds))),
      onVariable: (name, values) =>
        go((next) => {
          next.delete(`var-${name}`);
          for (const value of values) next.append(`var-${name}`, value);
        }),
    },
    zoom: (from, to) => setRange(String(from * 1_000), String(to * 1_000)),
  };
}

function secondsOf(refresh: string | undefined): number {
  const [, amount = '0', unit = 's'] = /^(\d+)([sm])$/.exec(refresh ?? '') ?? [];
  return Number(amount) * (unit === 'm' ? 60 : 1);
}
