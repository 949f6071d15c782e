import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { frame, OF_TOPIC, row, topicVariable } from './frame.ts';
import { promTable, said, stat, timeseries } from './panels.ts';

const DELAY = `reelstream_consumer_event_delay_seconds_bucket{${OF_TOPIC}}`;
const quantile = (q: number, by: string) =>
  `histogram_quantile(${q}, sum by (${by}) (rate(${DELAY}[$__rate_interval])))`;
const ending = (how: string, by: string) =>
  `sum by (${by}) (rate(reelstream_consumer_events_${how}_total{${OF_TOPIC}}[$__rate_interval]))`;

export function overview(): DashboardBuilder {
  return frame('reelstream-overview', 'Overview', 'Is the pipeline flowing, complete and fresh right now?')
    .withVariable(topicVariable())
    .withRow(row('Now'))
    .withPanel(
      stat(
        said('Alerts', 'Pages and tickets that are open; 0 is well.', 'short'),
        'count(ALERTS{alertstate="firing",severity=~"page|ticket"}) or vector(0)',
        [
          [null, 'green'],
          [1, 'red'],
        ],
      ),
    )
    .withPanel(
      stat(
        said(
          'Against the usual',
          'The weakest stage against its own last hour: 1 is as usual, below 0.5 is a dip.',
          'percentunit',
          {
            noValue: 'no usual yet: 20 minutes',
          },
        ),
        `min(stage:reelstream_events:ratio_to_baseline{${OF_TOPIC}})`,
        [
          [null, 'red'],
          [0.5, 'orange'],
          [0.8, 'green'],
        ],
      ),
    )
    .withPanel(
      stat(
        said('Behind', "The slowest reader's backlog, in seconds of its own work.", 's', {
          noValue: 'no reader',
        }),
        `max(group:reelstream_lag_seconds:estimate{${OF_TOPIC}})`,
        [
          [null, 'green'],
          [30, 'orange'],
          [60, 'red'],
        ],
      ),
    )
    .withPanel(
      stat(
        said('Delay p95', 'From Kafka to durable, for 95 of 100 events; the objective is 30 s.', 's'),
        quantile(0.95, 'le'),
        [
          [null, 'green'],
          [10, 'orange'],
          [30, 'red'],
        ],
      ),
    )
    .withPanel(
      stat(
        said(
          'Source minus sink',
          'Over the same offsets. Only 0 is right: above, events are missing; below, there are too many.',
          'short',
          {
            noValue: 'not compared yet',
          },
        ),
        `sum(abs(reelstream_recon_source_events{${OF_TOPIC}} - reelstream_recon_sink_events{${OF_TOPIC}}))`,
        [
          [null, 'green'],
          [1, 'red'],
        ],
      ),
    )
    .withPanel(
      stat(
        said(
          'Dead letters',
          'Events of the chosen time that could not be used; kept, and counted by reason.',
          'short',
        ),
        `sum(increase(reelstream_consumer_events_dead_lettered_total{${OF_TOPIC}}[$__range]))`,
        [
          [null, 'green'],
          [1, 'orange'],
          [100, 'red'],
        ],
      ),
    )
    .withRow(row('Flow'))
    .withPanel(
      timeseries(
        said(
          'Events per second by stage',
          'All stages on one axis, with what the load profile asks for: where lines part, events wait or get lost.',
          'cps',
          { width: 24 },
        ),
        [
          [`sum by (stage, group) (stage:reelstream_events:rate5m{${OF_TOPIC}})`, '{{stage}} {{group}}'],
          [`sum(reelstream_producer_target_events_per_second{${OF_TOPIC}})`, 'asked for'],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said(
          'Where events end',
          'Applied, dropped on purpose, or dead-lettered: every record ends in one of them.',
          'cps',
        ),
        [
          [ending('applied', 'group'), 'applied {{group}}'],
          [ending('dropped', 'group, reason'), '{{reason}} {{group}}'],
          [ending('dead_lettered', 'group, reason'), 'dead letter {{reason}} {{group}}'],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said(
          'Delay',
          'From Kafka to durable. It speaks of events that have ended: during a stall look at the canaries.',
          's',
        ),
        [
          [quantile(0.5, 'le, group'), 'p50 {{group}}'],
          [quantile(0.99, 'le, group'), 'p99 {{group}}'],
        ],
        [
          [null, 'green'],
          [30, 'red'],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said(
          'Age of the newest canary',
          'By partition, as ClickHouse shows it: freshness even when nobody rates anything.',
          's',
          {
            noValue: 'no canaries are sent',
          },
        ),
        [[`time() - reelstream_recon_canary_timestamp_seconds{${OF_TOPIC}}`, '{{topic}}/{{partition}}']],
        [
          [null, 'green'],
          [45, 'red'],
        ],
      ),
    )
    .withPanel(
      promTable(
        said('What is firing', 'Each open alert; its runbook has the same name.', 'short', {
          noValue: 'nothing: well',
        }),
        'ALERTS{alertstate="firing",severity=~"page|ticket"}',
        [[null, 'red']],
      ),
    );
}
