import { PanelBuilder as BarChartBuilder } from '@grafana/grafana-foundation-sdk/barchart';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { StackingMode, VizOrientation } from '@grafana/grafana-foundation-sdk/common';
import {
  type DynamicConfigValue,
  type ThresholdsConfig,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { CLICKHOUSE, clickhouse, instantTable, type Line, PROMETHEUS, promql } from './queries.ts';

/** What every panel must say. */
export interface Said {
  readonly title: string;
  /** what it shows and which value is good: the reader is not its author */
  readonly description: string;
  /** Grafana's id of the unit */
  readonly unit: string;
  /** what stands there without data, and why that may be right */
  readonly noValue: string;
  /** of 24 columns */
  readonly width?: number;
  readonly height?: number;
}

/** Colours from a value upwards; the first one holds below all others. */
export type Steps = readonly (readonly [from: number | null, color: 'green' | 'orange' | 'red' | 'blue'])[];
const PLAIN: Steps = [[null, 'green']];
const QUIET = 'nothing yet';

function thresholds(steps: Steps): Builder<ThresholdsConfig> {
  return {
    build: () => ({
      mode: ThresholdsMode.Absolute,
      steps: steps.map(([value, color]) => ({ value, color })),
    }),
  };
}

/** Properties of a table's column whose figures are coloured as its own steps say. */
export function judged(steps: Steps): DynamicConfigValue[] {
  return [
    { id: 'custom.cellOptions', value: { type: 'color-text' } },
    { id: 'thresholds', value: thresholds(steps).build() },
  ];
}

interface PanelLike<T> {
  title(title: string): T;
  description(text: string): T;
  unit(unit: string): T;
  noValue(text: string): T;
  span(columns: number): T;
  height(rows: number): T;
  thresholds(steps: Builder<ThresholdsConfig>): T;
}

function say<T extends PanelLike<T>>(panel: T, said: Said, steps: Steps, width: number, height: number): T {
  return panel
    .title(said.title)
    .description(said.description)
    .unit(said.unit)
    .noValue(said.noValue)
    .span(said.width ?? width)
    .height(said.height ?? height)
    .thresholds(thresholds(steps));
}

const line = (title: string, description: string, unit: string, more: Partial<Said> = {}): Said => ({
  title,
  description,
  unit,
  noValue: QUIET,
  ...more,
});
export const said = line;

export function timeseries(text: Said, lines: readonly Line[], steps: Steps = PLAIN): TimeseriesBuilder {
  const panel = say(new TimeseriesBuilder(), text, steps, 12, 8).datasource(PROMETHEUS).fillOpacity(8);
  return lines.reduce((built, one, i) => built.withTarget(promql(one, i)), panel);
}

export function stat(text: Said, expr: string, steps: Steps): StatBuilder {
  return say(new StatBuilder(), text, steps, 4, 4)
    .datasource(PROMETHEUS)
    .withTarget(promql([expr, '']));
}

export function stateTimeline(
  text: Said,
  lines: readonly Line[],
  steps: Steps = PLAIN,
): StateTimelineBuilder {
  const panel = say(new StateTimelineBuilder(), text, steps, 12, 8).datasource(PROMETHEUS);
  return lines.reduce((built, one, i) => built.withTarget(promql(one, i)), panel);
}

/** The newest value of each series, one row each. */
export function promTable(text: Said, expr: string, steps: Steps = PLAIN): TableBuilder {
  const hidden = { Time: true, __name__: true, job: true, instance: true };
  return say(new TableBuilder(), text, steps, 12, 8)
    .datasource(PROMETHEUS)
    .withTarget(instantTable(expr))
    .withTransformation({ id: 'organize', options: { excludeByName: hidden } });
}

export function sqlTimeseries(text: Said, sql: string): TimeseriesBuilder {
  return say(new TimeseriesBuilder(), text, PLAIN, 12, 8)
    .datasource(CLICKHOUSE)
    .fillOpacity(8)
    .withTarget(clickhouse(sql, 'timeseries'));
}

export function sqlTable(text: Said, sql: string): TableBuilder {
  return (
    say(new TableBuilder(), text, PLAIN, 12, 10)
      .datasource(CLICKHOUSE)
      // a year is no quantity: 1994, never 1.99 K
      .overrideByName('year', [{ id: 'unit', value: 'none' }])
      .withTarget(clickhouse(sql, 'table'))
  );
}

/** Bars in the order of the rows; `label` is the column they are named by. */
export function sqlBars(text: Said, sql: string, label: string, upright = false): BarChartBuilder {
  return say(new BarChartBuilder(), text, PLAIN, 12, 10)
    .datasource(CLICKHOUSE)
    .xField(label)
    .orientation(upright ? VizOrientation.Vertical : VizOrientation.Horizontal)
    .withTarget(clickhouse(sql, 'table'));
}

/** A column per value of `column`, a bar per value of `row`, stacked: from rows (row, column, value). */
export function sqlStacks(
  text: Said,
  sql: string,
  row: string,
  column: string,
  value: string,
): BarChartBuilder {
  return sqlBars(text, sql, `${row}\\${column}`, true)
    .stacking(StackingMode.Normal)
    .withTransformation({
      id: 'groupingToMatrix',
      options: { rowField: row, columnField: column, valueField: value, emptyValue: 'zero' },
    });
}
