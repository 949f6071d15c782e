import type { SeriesData } from '../drawing/data.ts';
import type { Range } from '../drawing/time-range.ts';
import { fetchJson, type Source } from './fetch-json.ts';
import { Problem } from './problem.ts';

export interface Prometheus {
  /** points at multiples of the step, so that they stay while time goes on */
  range(expr: string, range: Range, stepSeconds: number): Promise<SeriesData>;
  instant(expr: string, atSeconds: number): Promise<SeriesData>;
  /** values of a label over the series that match, in order */
  labelValues(metric: string, label: string, range: Range): Promise<string[]>;
  alerts(): Promise<readonly PrometheusRule[]>;
}

export interface PrometheusRule {
  readonly name: string;
  readonly state: 'inactive' | 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly alerts: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly state: string;
    readonly activeAt: string;
  }[];
}

interface Envelope<T> {
  readonly status: string;
  readonly data: T;
  readonly error?: string;
}

interface Result {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>;
    readonly values?: readonly (readonly [number, string])[];
    readonly value?: readonly [number, string];
  }[];
}

const TIMEOUT_MS = 10_000;

/** Prometheus' HTTP API, the few calls that drawing needs. */
export function connectPrometheus(url: string): Prometheus {
  const source: Source = { name: 'Prometheus', url };
  const call = async <T>(path: string, form: Record<string, string> | null): Promise<T> => {
    const { body } = await fetchJson(source, path, form && new URLSearchParams(form), TIMEOUT_MS);
    const { status, data, error } = body as Envelope<T>;
    if (status === 'success') return data;
    throw new Problem(502, `Prometheus refused: ${error ?? 'for no reason that it gives'}`);
  };
  return {
    async range(query, range, step) {
      const { start, end } = aligned(range, step);
      const form = { query, start: String(start), end: String(end), step: String(step) };
      const { result } = await call<Result>('/api/v1/query_range', form);
      return onGrid(result, start, end, step);
    },
    async instant(query, atSeconds) {
      const { result } = await call<Result>('/api/v1/query', { query, time: String(atSeconds) });
      const series = result.map(({ metric, value }) => ({ labels: metric, values: [figure(value?.[1])] }));
      return { kind: 'series', times: [atSeconds], series };
    },
    async labelValues(metric, label, { fromSeconds, toSeconds }) {
      const query = new URLSearchParams({
        'match[]': metric,
        start: String(fromSeconds),
        end: String(toSeconds),
      });
      return call<string[]>(`/api/v1/label/${encodeURIComponent(label)}/values?${query}`, null);
    },
    async alerts() {
      const { groups } = await call<{ groups: readonly { rules: readonly PrometheusRule[] }[] }>(
        '/api/v1/rules?type=alert',
        null,
      );
      return groups.flatMap(({ rules }) => rules);
    },
  };
}

function aligned({ fromSeconds, toSeconds }: Range, step: number): { start: number; end: number } {
  return { start: Math.floor(fromSeconds / step) * step, end: Math.floor(toSeconds / step) * step };
}

function onGrid(result: Result['result'], start: number, end: number, step: number): SeriesData {
  const times: number[] = [];
  for (let time = start; time <= end; time += step) times.push(time);
  const series = result.map(({ metric, values = [] }) => {
    const own: (number | null)[] = times.map(() => null);
    for (const [time, text] of values) own[Math.round((time - start) / step)] = figure(text);
    return { labels: metric, values: own };
  });
  return { kind: 'series', times, series };
}

/** NaN and infinities cannot be drawn, nor written as JSON. */
function figure(text: string | undefined): number | null {
  const value = Number(text);
  return text !== undefined && Number.isFinite(value) ? value : null;
}
