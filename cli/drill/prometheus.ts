const ANSWER_TIMEOUT_MS = 3_000;

interface Answer<T> {
  readonly data: T;
}

/** What a drill asks its Prometheus. */
export interface PrometheusQuestions {
  /** names of the alerts that are pending or firing, without the one that always is */
  alerts(): Promise<string[]>;
  hasResult(promql: string): Promise<boolean>;
}

export function askPrometheus(port: number): PrometheusQuestions {
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`, {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
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
  };
}
