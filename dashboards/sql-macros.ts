/** The span that a dashboard shows, in unix seconds. */
export interface SqlSpan {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/**
 * Puts a span in place of the macros of Grafana's ClickHouse plug-in, which expands them on its own server, so that the same
 * query runs without it. Only those that the dashboards use: `$__timeFilter(column)`, `$__fromTime`, `$__toTime`.
 * @throws RangeError for a macro that is not known
 */
export function expandMacros(sql: string, { fromSeconds, toSeconds }: SqlSpan): string {
  const from = `toDateTime(${Math.floor(fromSeconds)}, 'UTC')`;
  const to = `toDateTime(${Math.floor(toSeconds)}, 'UTC')`;
  const expanded = sql
    .replaceAll(/\$__timeFilter\(([\w.]+)\)/g, (_, column) => `${column} >= ${from} AND ${column} <= ${to}`)
    .replaceAll('$__fromTime', from)
    .replaceAll('$__toTime', to);
  const left = /\$__\w+/.exec(expanded);
  if (left) throw new RangeError(`the macro ${left[0]} is not known`);
  return expanded;
}
