import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { DashboardUid } from '../dashboard-uids.ts';
import { PROMETHEUS } from './queries.ts';

/** For selectors of series that know a topic. */
export const OF_TOPIC = 'topic=~"$topic"';
export const TAG = 'reelstream';

/** What all dashboards share; none can be edited in place, for the next start would undo it. */
export function frame(uid: DashboardUid, title: string, question: string): DashboardBuilder {
  return new DashboardBuilder(title)
    .uid(uid)
    .description(question)
    .tags([TAG])
    .readonly()
    .timezone('utc')
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Reelstream').type(DashboardLinkType.Dashboards).tags([TAG]).keepTime(true),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .annotation(
      new AnnotationQueryBuilder()
        .name('Alerts')
        .datasource(PROMETHEUS)
        .enable(true)
        .iconColor('red')
        .expr('ALERTS{alertstate="firing",severity=~"page|ticket"}')
        .titleFormat('{{alertname}}')
        .textFormat('{{severity}} {{topic}} {{group}} {{table}}'),
    );
}

export const topicVariable = (): QueryVariableBuilder =>
  new QueryVariableBuilder('topic')
    .label('Topic')
    .datasource(PROMETHEUS)
    .query('label_values(reelstream_consumer_events_consumed_total, topic)')
    .includeAll(true)
    .allValue('.+')
    .multi(true)
    .refresh(VariableRefresh.OnTimeRangeChanged);

export const clickhouseVariable = (): DatasourceVariableBuilder =>
  new DatasourceVariableBuilder('clickhouse').label('ClickHouse').type('grafana-clickhouse-datasource');

export const row = (title: string): RowBuilder => new RowBuilder(title);
