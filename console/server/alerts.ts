import { fetchJson } from './fetch-json.ts';
import { Problem } from './problem.ts';
import type { Prometheus, PrometheusRule } from './prometheus.ts';
import type { Runbook } from './runbooks.ts';

/** An alert that is there now. */
export interface OpenAlert {
  readonly name: string;
  /** `waiting` is not told to anybody yet; `quiet` is kept back by another alert or a silence */
  readonly state: 'firing' | 'waiting' | 'quiet';
  readonly severity: string;
  readonly summary: string;
  readonly labels: Readonly<Record<string, string>>;
  /** ISO, null where it is not known */
  readonly since: string | null;
}

export interface KnownAlert {
  readonly name: string;
  /** empty while Prometheus is away */
  readonly severity: string;
  /** what it means, in a sentence or two */
  readonly means: string;
}

export interface AlertList {
  readonly open: readonly OpenAlert[];
  /** every alert that has a runbook page, by name */
  readonly known: readonly KnownAlert[];
  /** what could not be asked, in words */
  readonly missing: readonly string[];
}

interface AlertmanagerAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly status: { readonly state: 'active' | 'suppressed' | 'unprocessed' };
}

const TIMEOUT_MS = 5_000;
const HIDDEN_LABELS = ['alertname', 'severity'];
const RANK: Readonly<Record<string, number>> = { page: 0, ticket: 1, log: 2, heartbeat: 3 };

/** What Alertmanager holds and what Prometheus knows besides; either may be away. */
export async function listAlerts(
  alertmanagerUrl: string,
  prometheus: Prometheus,
  runbooks: readonly Runbook[],
): Promise<AlertList> {
  const [held, rules] = await Promise.allSettled([heldAlerts(alertmanagerUrl), prometheus.alerts()]);
  const open = [
    ...(held.status === 'fulfilled' ? held.value : []),
    ...(rules.status === 'fulfilled' ? fromRules(rules.value, held.status === 'rejected') : []),
  ];
  return {
    open: open.sort(
      (a, b) => rankOf(a.severity) - rankOf(b.severity) || (a.since ?? '').localeCompare(b.since ?? ''),
    ),
    known: runbooks.map(({ name, means }) => ({
      name,
      means,
      severity: (rules.status === 'fulfilled' && severityOf(rules.value, name)) || '',
    })),
    missing: [held, rules].flatMap((one) => (one.status === 'rejected' ? [wordsOf(one.reason)] : [])),
  };
}

function wordsOf(reason: unknown): string {
  if (reason instanceof Problem) return reason.message;
  throw reason;
}

async function heldAlerts(url: string): Promise<OpenAlert[]> {
  const source = { name: 'Alertmanager', url };
  const { status, body } = await fetchJson(source, '/api/v2/alerts', null, TIMEOUT_MS);
  if (status !== 200 || !Array.isArray(body))
    throw new Problem(502, `what answers at ${url} is not Alertmanager`);
  return (body as AlertmanagerAlert[]).map((alert) => ({
    ...described(alert),
    state: alert.status.state === 'suppressed' ? 'quiet' : 'firing',
    since: alert.startsAt,
  }));
}

/** Those that wait for their time; with nobody to deliver them, also those that fire. */
function fromRules(rules: readonly PrometheusRule[], firingToo: boolean): OpenAlert[] {
  return rules.flatMap(({ alerts }) =>
    alerts.flatMap((alert) => {
      if (alert.state === 'firing' && !firingToo) return [];
      const state = alert.state === 'firing' ? 'firing' : 'waiting';
      return [{ ...described(alert), state, since: alert.activeAt } as const];
    }),
  );
}

function described({ labels, annotations }: Pick<AlertmanagerAlert, 'labels' | 'annotations'>) {
  return {
    name: labels.alertname ?? '',
    severity: labels.severity ?? '',
    summary: annotations.summary ?? '',
    labels: Object.fromEntries(Object.entries(labels).filter(([name]) => !HIDDEN_LABELS.includes(name))),
  };
}

/** A name may have rules of several severities; the most urgent one says it. */
function severityOf(rules: readonly PrometheusRule[], name: string): string {
  const severities = rules.flatMap((rule) => (rule.name === name ? [rule.labels.severity ?? ''] : []));
  return severities.toSorted((a, b) => rankOf(a) - rankOf(b))[0] ?? '';
}

const rankOf = (severity: string): number => RANK[severity] ?? 9;
