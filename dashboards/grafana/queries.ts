import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

/** Data sources are variables, never fixed: a dashboard must survive another Grafana. */
export const PROMETHEUS = { type: 'prometheus', uid: `\${datasource}` };
export const CLICKHOUSE = { type: 'grafana-clickhouse-datasource', uid: `\${clickhouse}` };

/** The plug-in's version that the queries were written for. */
const CLICKHOUSE_PLUGIN_VERSION = '4.0.0';

/** One line of a panel: expression and legend. */
export type Line = readonly [expr: string, legend: string];

const refId = (index: number) => String.fromCharCode(65 + index);

export function promql([expr, legend]: Line, index = 0): DataqueryBuilder {
  return new DataqueryBuilder()
    .expr(expr)
    .legendFormat(legend)
    .refId(refId(index))
    .datasource(PROMETHEUS)
    .range();
}

export function instantTable(expr: string): DataqueryBuilder {
  return promql([expr, '']).instant().format(PromQueryFormat.Table);
}

/** The SDK knows no ClickHouse query: a builder of one's own is its documented way. */
export function clickhouse(sql: string, shape: 'timeseries' | 'table'): Builder<Dataquery> {
  const query = {
    refId: 'A',
    datasource: CLICKHOUSE,
    editorType: 'sql',
    queryType: shape,
    format: shape === 'timeseries' ? 0 : 1,
    rawSql: sql,
    pluginVersion: CLICKHOUSE_PLUGIN_VERSION,
  };
  return { build: () => Object.assign(query, { _implementsDataqueryVariant() {} }) };
}
