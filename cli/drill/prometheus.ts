import { ReelstreamError } from '../../core/errors.ts';
import { LOOPBACK } from '../../embedded/supervisor/ports.ts';

const ANSWER_TIMEOUT_MS = 3_000;
/** A range is worked out over days. */
const RANGE_TIMEOUT_MS = 30_000;

interface Answer<T> {
  readonly data: T;
}

interface RuleState {
  readonly name: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
}

/** A series as Prometheus answers a range query. */
export interface RangeSeries {
  readonly metric: Readonly<Record<string, string>>;
  /** unix seconds and value */
  readonly values: readonly (readonly [number, string])[];
}

/** Moments to ask about, in unix seconds. */
export interface Range {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly stepSeconds: number;
}

/** What a drill asks its Prometheus. */
export interface PrometheusQuestions {
  /** names of the alerts that are pending or firing, without the one that always is */
  alerts(): Promise<string[]>;
  hasResult(promql: string): Promise<boolean>;
  /** rules that were not evaluated, or not without an error, each with what Prometheus says of it */
  failingRules(): Promise<string[]>;
  /** @throws when the query is refused: what is not known is not nothing */
  range(promql: string, range: Range): Promise<readonly RangeSeries[]>;
}

export function askPrometheus(port: number): PrometheusQuestions {
  const ask = async <T>(path: string, timeoutMs = ANSWER_TIMEOUT_MS): Promise<T> => {
    const answer = await fetch(`http://${LOOPBACK}:${port}/api/v1/${path}`, {
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!answer.ok) throw new ReelstreamError('unavailable', `Prometheus: ${await answer.text()}`);
    return ((await answer.json()) as Answer<T>).data;
  };
  return {
    async alerts() {
      const { alerts } = await ask<{ alerts: { labels: Record<string, string> }[] }>('alerts');
      return alerts.map(({ labels }) => labels.alertname ?? '').filter((name) => name !== 'Watchdog');
    },
    async hasResult(promql) {
      const { result } = await ask<{ result: unknown[] }>(`query?query=${encodeURIComponent(promql)}`);
      return result.length > 0;
    },
    async failingRules() {
      const { groups } = await ask<{ groups: readonly { rules: readonly RuleState[] }[] }>('rules');
      return groups
        .flatMap(({ rules }) => rules)
        .filter(({ health }) => health !== 'ok')
        .map(({ name, health, lastError }) => `${name} (${lastError || health})`);
    },
    async range(query, { startSeconds, endSeconds, stepSeconds }) {
      const [start, end, step] = [startSeconds, endSeconds, stepSeconds].map(String) as [
        string,
        string,
        string,
      ];
      const parameters = new URLSearchParams({ query, start, end, step });
      const { result } = await ask<{ result: RangeSeries[] }>(`query_range?${parameters}`, RANGE_TIMEOUT_MS);
      return result;
    },
  };
}
