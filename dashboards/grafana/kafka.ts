import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { frame, OF_TOPIC, row, topicVariable } from './frame.ts';
import { said, stateTimeline, timeseries } from './panels.ts';

const NO_RECONCILER = 'no reconciler runs';

export function kafka(): DashboardBuilder {
  return frame(
    'reelstream-kafka',
    'Kafka and consumers',
    'Who is behind, does the backlog shrink, is one partition stuck?',
  )
    .withVariable(topicVariable())
    .withRow(row('Backlog'))
    .withPanel(
      timeseries(
        said('Lag by group', 'Events that wait. A level is fine, growth is not.', 'short', {
          noValue: NO_RECONCILER,
        }),
        [[`group:reelstream_lag_events:sum{${OF_TOPIC}}`, '{{group}} {{topic}}']],
      ),
    )
    .withPanel(
      timeseries(
        said(
          'Lag in time',
          'How far behind in seconds of its own work, and when it will have caught up. The second line is there only while the backlog shrinks.',
          's',
          {
            noValue: NO_RECONCILER,
          },
        ),
        [
          [`group:reelstream_lag_seconds:estimate{${OF_TOPIC}} < 1e6`, 'behind {{group}}'],
          [`group:reelstream_lag_drain_seconds:estimate{${OF_TOPIC}} < 1e5`, 'until caught up {{group}}'],
        ],
        [
          [null, 'green'],
          [60, 'red'],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said(
          'Lag by partition',
          'One line that rises among flat ones: a record that cannot be read, or a hot key.',
          'short',
          {
            noValue: NO_RECONCILER,
          },
        ),
        [[`reelstream_kafka_group_lag_events{${OF_TOPIC}}`, '{{group}} {{topic}}/{{partition}}']],
      ),
    )
    .withPanel(
      timeseries(
        said(
          'Growth of the log by partition',
          'Events appended per second: lines far apart are skewed keys.',
          'cps',
          {
            noValue: NO_RECONCILER,
          },
        ),
        [
          [
            `sum by (topic, partition) (deriv(reelstream_kafka_topic_end_offset{${OF_TOPIC}}[$__rate_interval]))`,
            '{{topic}}/{{partition}}',
          ],
        ],
      ),
    )
    .withRow(row('Readers'))
    .withPanel(
      stateTimeline(
        said('Partitions owned', 'Steps are rebalances; a gap is a reader that was away.', 'short'),
        [
          [
            `sum by (group, instance) (reelstream_consumer_assigned_partitions{${OF_TOPIC}})`,
            '{{group}} {{instance}}',
          ],
        ],
      ),
    )
    .withPanel(
      stateTimeline(
        said(
          'Partitions not read',
          'Paused for recovery, back-pressure or a registry outage; halted ones need a person.',
          'short',
        ),
        [
          [`sum by (group) (reelstream_consumer_paused_partitions{${OF_TOPIC}})`, 'paused {{group}}'],
          [`sum by (group) (reelstream_consumer_halted_partitions{${OF_TOPIC}})`, 'halted {{group}}'],
        ],
        [
          [null, 'green'],
          [1, 'orange'],
        ],
      ),
    )
    .withPanel(
      timeseries(said('Time of an INSERT', 'p50 and p95 over raw and all aggregates.', 's'), [
        [
          'histogram_quantile(0.5, sum by (le) (rate(reelstream_sink_insert_duration_seconds_bucket[$__rate_interval])))',
          'p50',
        ],
        [
          'histogram_quantile(0.95, sum by (le) (rate(reelstream_sink_insert_duration_seconds_bucket[$__rate_interval])))',
          'p95',
        ],
      ]),
    )
    .withPanel(
      timeseries(
        said(
          'INSERTs by outcome',
          'In doubt: no answer in time, the slot is recovered. Fenced: somebody else owns it now.',
          'ops',
        ),
        [['sum by (outcome) (rate(reelstream_sink_batches_total[$__rate_interval]))', '{{outcome}}']],
      ),
    )
    .withPanel(
      timeseries(said('Rows per INSERT', 'Larger batches make fewer parts.', 'short'), [
        [
          'histogram_quantile(0.5, sum by (le) (rate(reelstream_sink_batch_rows_bucket[$__rate_interval])))',
          'p50',
        ],
      ]),
    )
    .withPanel(
      timeseries(
        said('Recoveries and rebalances', 'Each is normal once, and a sign when it goes on.', 'short'),
        [
          [
            'sum by (cause) (increase(reelstream_sink_recoveries_total[$__rate_interval]))',
            'recovered after {{cause}}',
          ],
          [
            'sum by (group) (increase(reelstream_consumer_rebalances_total[$__rate_interval]))',
            'rebalance {{group}}',
          ],
        ],
      ),
    );
}
