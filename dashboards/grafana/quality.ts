import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { injectedAgainstCaught } from './faults.ts';
import { clickhouseVariable, frame, OF_TOPIC, row, topicVariable } from './frame.ts';
import { promTable, said, sqlTable, sqlTimeseries, timeseries } from './panels.ts';

const TODAY_OVER_YESTERDAY = `SELECT minute AS time, sum(now_events) AS today, sum(then_events) AS "the day before"
FROM
(
    SELECT minute, n AS now_events, 0 AS then_events
    FROM pipeline_by_minute
    WHERE $__timeFilter(minute)
    UNION ALL
    SELECT minute + INTERVAL 1 DAY AS minute, 0 AS now_events, n AS then_events
    FROM pipeline_by_minute
    WHERE minute >= $__fromTime - INTERVAL 1 DAY AND minute <= $__toTime - INTERVAL 1 DAY
)
GROUP BY minute
ORDER BY minute`;

const CLOSED_DAYS = `SELECT
    toDate(minute) AS day,
    sum(n) AS events,
    sumIf(n, verdict = 'ok') AS good,
    sumIf(n, reason = 'duplicate') AS duplicates,
    sumIf(n, verdict = 'dead_letter') AS dead_letters,
    round(sum(bytes) / sum(n), 1) AS bytes_per_event,
    round(100 * (events / nullIf(lagInFrame(sum(n)) OVER (ORDER BY toDate(minute)), 0) - 1), 1) AS change_percent
FROM pipeline_by_minute
WHERE minute >= today() - 14 AND minute < today()
GROUP BY day
ORDER BY day DESC`;

const CHECK_RESULTS = `SELECT checked_at, name, outcome, value, expectation, detail
FROM check_results
WHERE checked_at >= $__fromTime AND checked_at <= $__toTime
ORDER BY checked_at DESC
LIMIT 50`;

const NO_RECONCILER = 'no reconciler runs';
const PERIOD = 'on (table, period)';

export function quality(): DashboardBuilder {
  return frame(
    'reelstream-quality',
    'Data quality and reconciliation',
    'Does the sink hold what the source sent, and as much as yesterday?',
  )
    .withVariable(topicVariable())
    .withVariable(clickhouseVariable())
    .withRow(row('Row counts'))
    .withPanel(
      sqlTimeseries(
        said(
          'Events per minute, today over yesterday',
          'The dip a person sees: this time of the day before lies under today.',
          'short',
          { width: 24 },
        ),
        TODAY_OVER_YESTERDAY,
      ),
    )
    .withPanel(
      sqlTable(
        said(
          'Closed days',
          'Events of each day by how they ended, and the change against the day before in percent.',
          'short',
          {
            noValue: 'no day has closed yet',
          },
        ),
        CLOSED_DAYS,
      ),
    )
    .withPanel(
      timeseries(
        said(
          'Last closed period',
          'Rows, what was expected, and the line below which it counts as a dip.',
          'short',
          { noValue: 'no hour has closed yet', height: 10 },
        ),
        [
          ['reelstream_recon_period_rows', 'rows {{table}} {{period}}'],
          ['table:reelstream_recon_rows:expected', 'expected {{table}} {{period}}'],
          [
            `reelstream_recon_dip_threshold_ratio * ${PERIOD} table:reelstream_recon_rows:expected`,
            'alert line {{table}} {{period}}',
          ],
        ],
      ),
    )
    .withRow(row('Source against sink'))
    .withPanel(
      timeseries(
        said(
          'Difference over the same offsets',
          'Above 0 events are missing in the sink, below 0 there are too many. Nothing but 0 is right.',
          'short',
          {
            noValue: NO_RECONCILER,
          },
        ),
        [
          [
            `reelstream_recon_source_events{${OF_TOPIC}} - reelstream_recon_sink_events{${OF_TOPIC}}`,
            '{{topic}} to {{table}}',
          ],
        ],
        [
          [null, 'red'],
          [0, 'green'],
          [1, 'red'],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said('Bytes on disk', 'Merges make it sag; a level while rows arrive means thin rows.', 'bytes', {
          noValue: NO_RECONCILER,
        }),
        [['reelstream_recon_table_bytes', '{{table}}']],
      ),
    )
    .withPanel(
      timeseries(
        said('Duplicates and dead letters', 'Share of what was read in a quarter of an hour.', 'percentunit'),
        [
          [`topic:reelstream_duplicates:ratio15m{${OF_TOPIC}}`, 'duplicates {{group}}'],
          [`topic:reelstream_dead_letters:ratio15m{${OF_TOPIC}}`, 'dead letters {{group}}'],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said(
          'Faults over time',
          'What the load simulator does wrong on purpose, by kind, and what the readers drop or refuse, by reason.',
          'short',
          {
            noValue: 'no faults are injected',
          },
        ),
        [
          [
            `sum by (kind) (increase(reelstream_producer_injected_total{${OF_TOPIC}}[$__rate_interval]))`,
            'sent {{kind}}',
          ],
          [
            `max by (reason) (increase(reelstream_consumer_events_dropped_total{${OF_TOPIC}}[$__rate_interval]))`,
            'dropped {{reason}}',
          ],
          [
            `max by (reason) (increase(reelstream_consumer_events_dead_lettered_total{${OF_TOPIC}}[$__rate_interval]))`,
            'dead letter {{reason}}',
          ],
        ],
      ),
    )
    .withPanel(injectedAgainstCaught())
    .withRow(row('Checks'))
    .withPanel(
      promTable(
        said('Checks now', 'Every configured check with its operator: 1 holds, 0 failed.', 'bool', {
          noValue: NO_RECONCILER,
        }),
        'reelstream_recon_check_passed',
        [
          [null, 'red'],
          [1, 'green'],
        ],
      ),
    )
    .withPanel(
      sqlTable(
        said('Results', 'What was compared and what came out, newest first.', 'short', {
          noValue: 'no check has run in this time',
        }),
        CHECK_RESULTS,
      ),
    );
}
