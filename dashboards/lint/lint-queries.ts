import { readPromql } from '../promql.ts';
import type { TargetJson } from './dashboard-json.ts';

/** Functions of a range in which a counter means something. */
const OVER_RANGE = /\b(rate|irate|increase|changes|resets)\(/;

export type KnownSeries = ReadonlyMap<string, ReadonlySet<string> | null>;

/** What Grafana would put in, so that the text can be read as PromQL. */
export function withoutVariables(expr: string): string {
  return expr
    .replace(/\$__range_s\b/g, '60')
    .replace(/\$__(rate_interval|interval|range)\b/g, '1m')
    .replace(/"\$\{?\w+(:\w+)?\}?"/g, '".+"');
}

/** Faults of one PromQL query. */
export function promqlFaults(raw: string, known: KnownSeries): string[] {
  const { brokenAt, series, groupedBy } = readPromql(withoutVariables(raw));
  if (brokenAt !== null) return [`is no PromQL at character ${brokenAt}: ${raw}`];
  const faults: string[] = [];
  const labels = new Set<string>();
  let open = false;
  for (const { metric, labels: selected, overRange } of series) {
    const own = known.get(metric);
    if (own === undefined) faults.push(`there is no series ${metric}`);
    if (own === null) open = true;
    for (const label of own ?? []) labels.add(label);
    for (const label of selected) if (own && !own.has(label)) faults.push(`${metric} has no label ${label}`);
    if (metric.endsWith('_total') && !overRange) faults.push(`${metric} is a counter and has no rate`);
    if (
      overRange &&
      known.get(metric) !== null &&
      !metric.match(/_(total|bucket|count|sum)$/) &&
      OVER_RANGE.test(raw)
    ) {
      faults.push(`${metric} is no counter`);
    }
  }
  if (!open) {
    for (const label of groupedBy) if (!labels.has(label)) faults.push(`nothing here has a label ${label}`);
  }
  for (const [, window] of raw.matchAll(/\b(?:rate|increase)\([^[\]]*\[([^\]]+)\]/g)) {
    if (window !== '$__rate_interval' && window !== '$__range') {
      faults.push(`the window ${window} is fixed: it must follow the zoom`);
    }
  }
  return faults;
}

/** Faults of one SQL query; whether ClickHouse takes it is seen where ClickHouse runs. */
export function sqlFaults(sql: string): string[] {
  const faults: string[] = [];
  if (!/^\s*(SELECT|WITH)\b/i.test(sql)) faults.push('is no SELECT');
  if (/;\s*$/.test(sql)) faults.push('ends with a semicolon');
  if (/\{\w+:[^}]+\}/.test(sql)) faults.push('has a parameter without a value');
  const opened = [...sql].reduce((depth, c) => depth + (c === '(' ? 1 : c === ')' ? -1 : 0), 0);
  if (opened !== 0) faults.push('has parentheses that do not match');
  return faults;
}

export function targetFaults(target: TargetJson, known: KnownSeries): string[] {
  if (target.expr !== undefined) return promqlFaults(target.expr, known);
  if (target.rawSql !== undefined) return sqlFaults(target.rawSql);
  return ['is a query of an unknown kind'];
}
