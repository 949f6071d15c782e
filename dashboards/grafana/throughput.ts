import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { frame, OF_TOPIC, row, topicVariable } from './frame.ts';
import { said, timeseries } from './panels.ts';

const PRODUCED = `{${OF_TOPIC},stage="produced"}`;
const BASELINE = `stage:reelstream_events:baseline1h_held${PRODUCED}`;
const p99 = (metric: string) =>
  `histogram_quantile(0.99, sum by (le, topic) (rate(reelstream_${metric}_seconds_bucket{${OF_TOPIC}}[$__rate_interval])))`;
const UNTRAINED = 'no usual yet: 20 minutes';

export function throughput(): DashboardBuilder {
  return frame(
    'reelstream-throughput',
    'Throughput and dips',
    'Is a change of the rate a dip, noise, or planned?',
  )
    .withVariable(topicVariable())
    .withRow(row('Dips'))
    .withPanel(
      timeseries(
        said(
          'Rate and its alert line',
          'What the dip alert sees: the rate, the median of the last hour, half of it, and the floor of its noise. A dip is below both lines.',
          'cps',
          {
            width: 24,
            height: 10,
          },
        ),
        [
          [`stage:reelstream_events:rate5m${PRODUCED}`, 'rate {{topic}}'],
          [BASELINE, 'usual'],
          [`0.5 * ${BASELINE}`, 'alert line'],
          [`stage:reelstream_events:floor1h_held${PRODUCED}`, 'floor'],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said(
          'Share of the usual rate',
          'Every stage against itself: 1 is as usual, 0.5 the alert line.',
          'percentunit',
          {
            noValue: UNTRAINED,
          },
        ),
        [[`stage:reelstream_events:ratio_to_baseline{${OF_TOPIC}}`, '{{stage}} {{group}}']],
        [
          [null, 'red'],
          [0.5, 'green'],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said(
          'Planned',
          'What the load profile asks for. Below it the same only while it has run for ten minutes: dips are judged only there.',
          'cps',
          {
            noValue: 'no producer',
          },
        ),
        [
          [
            `sum by (topic) (reelstream_producer_target_events_per_second{${OF_TOPIC}})`,
            'asked for {{topic}}',
          ],
          [`topic:reelstream_target:running{${OF_TOPIC}}`, 'judged {{topic}}'],
        ],
      ),
    )
    .withRow(row('Producer'))
    .withPanel(
      timeseries(
        said('Share of the target', 'Below 0.9 for ten minutes is a ticket.', 'percentunit', {
          noValue: 'not running for ten minutes',
        }),
        [
          [
            `topic:reelstream_produced:rate15m{${OF_TOPIC}} / topic:reelstream_target:avg15m{${OF_TOPIC}}`,
            '{{topic}}',
          ],
        ],
        [
          [null, 'red'],
          [0.9, 'green'],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said(
          'How late events leave',
          'p99 from the planned moment: a producer that is late measures its own limit and not the pipeline.',
          's',
        ),
        [
          [p99('producer_schedule_delay'), 'handed over {{topic}}'],
          [p99('producer_ack_duration'), 'acknowledged {{topic}}'],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said(
          'Not sent',
          'Given up after retries, or left out because they were due and could not be sent in time. 0 is right.',
          'cps',
        ),
        [
          [
            `sum by (topic) (rate(reelstream_producer_events_failed_total{${OF_TOPIC}}[$__rate_interval]))`,
            'failed {{topic}}',
          ],
          [
            `sum by (topic) (rate(reelstream_producer_events_overloaded_total{${OF_TOPIC}}[$__rate_interval]))`,
            'left out {{topic}}',
          ],
        ],
      ),
    )
    .withPanel(
      timeseries(said('Waiting for Kafka', 'Events handed over and not acknowledged.', 'short'), [
        [`sum by (topic) (reelstream_producer_queue_events{${OF_TOPIC}})`, '{{topic}}'],
      ]),
    );
}
