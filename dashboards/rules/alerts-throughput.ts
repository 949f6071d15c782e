import type { Windows } from './profile.ts';
import { MEANT_TO_READ, type RuleGroup } from './rule.ts';

const S = 'stage:reelstream_events';
const RATE = `${S}:rate5m`;
const BASE = `${S}:baseline1h_held`;
const RUNNING = 'topic:reelstream_target:running';
const TARGET = 'topic:reelstream_target:avg15m';
const ACKED = 'reelstream_producer_events_acked_total';

/** Does as much flow as usual, and through every stage. */
export function throughputAlerts({ d, s, profile }: Windows): RuleGroup {
  const acked = (window: string) => `sum by (topic) (increase(${ACKED}[${window}]))`;
  const perGroup = (how: string) =>
    `sum by (topic, group) (increase(reelstream_consumer_events_${how}_total[${d('5m')}]))`;
  const inFlight = 'sum by (topic, group) (reelstream_consumer_inflight_events)';
  // A reader whose batch is full reads no more: what it holds still waits
  const taken = `(${perGroup('consumed')} + on (topic, group) ${inFlight})`;
  return {
    name: 'reelstream_throughput_alerts',
    rules: [
      {
        alert: 'PipelineThroughputDip',
        severity: 'page',
        condition: `${RATE} < 0.5 * ${BASE}`,
        guards: {
          'below the floor of its noise': `and ${RATE} < 0.9 * ${S}:floor1h_held`,
          'a reader that stands still is a stall': `and (${RATE}{stage="produced"} or ${RATE} > 0.02 * ${BASE})`,
          'it does not keep up with the log': `unless on (stage, topic, group) (${RATE}{stage!="produced"} >= on (topic) group_left () 0.8 * topic:reelstream_log:rate5m)`,
          'more than chance': `and ${s('5m')} * (${BASE} - ${RATE}) > 4 * sqrt(${s('5m')} * ${BASE})`,
          'the source is meant to run': `and on (topic) ${RUNNING}`,
          'the target did not fall': `unless on (topic) ${RUNNING} < 0.8 * quantile_over_time(0.5, ${RUNNING}[${d('1h')}] offset ${d('10m')})`,
          'not the same at this time before': `unless ${RATE} >= 0.8 * ${S}:same_time_before`,
        },
        for: d('3m'),
        keepFiringFor: d('5m'),
        summary:
          '{{ $labels.topic }}: events {{ $labels.stage }}{{ with $labels.group }} by {{ . }}{{ end }} fell to {{ $value | humanize }}/s, less than half of the last hour',
        dashboard: 'reelstream-throughput',
      },
      {
        alert: 'PipelineStalled',
        severity: 'page',
        condition: `max by (topic, group) (reelstream_recon_expected_consumer == 1) * on (topic) group_left () (${acked(d('5m'))} >= 10)`,
        guards: {
          'the source has run for a while': `and on (topic) sum by (topic) (increase(${ACKED}[${d('5m')}] offset ${d('5m')})) > 0`,
          'nothing was read': `unless on (topic, group) ${perGroup('consumed')} > 0`,
          'it is not full': `unless on (topic, group) ${inFlight} >= 10`,
        },
        for: d('2m'),
        summary:
          '{{ $labels.group }} read nothing of {{ $labels.topic }} while {{ $value | humanize }} events were produced',
        dashboard: 'reelstream-kafka',
      },
      {
        alert: 'PipelineSinkStalled',
        severity: 'page',
        condition: `${taken} >= 10`,
        guards: {
          'nothing became durable': `and on (topic, group) ${perGroup('applied')} == 0`,
          'most of it should have': `and on (topic, group) ${perGroup('dropped')} + ${perGroup('dead_lettered')} < 0.5 * ${taken}`,
          'meant to read': MEANT_TO_READ,
        },
        for: d('2m'),
        summary:
          '{{ $labels.group }} read {{ $value | humanize }} events of {{ $labels.topic }} and none became durable',
        dashboard: 'reelstream-overview',
      },
      {
        alert: 'GeneratorBelowTarget',
        severity: 'ticket',
        condition: `topic:reelstream_produced:rate15m < 0.9 * ${TARGET}`,
        guards: {
          'more than chance': `and ${s('15m')} * (${TARGET} - topic:reelstream_produced:rate15m) > 4 * sqrt(${s('15m')} * ${TARGET})`,
          'the target made no jump': `and on (topic) min_over_time(${RUNNING}[${d('15m')}]) >= 0.8 * max_over_time(${RUNNING}[${d('15m')}])`,
          'still below': `and on (topic) ${RATE}{stage="produced"} < on (topic) 0.9 * ${RUNNING}`,
        },
        for: d('10m'),
        summary:
          'The producer makes {{ $value | humanize }}/s of {{ $labels.topic }}, less than 90 % of its target',
        dashboard: 'reelstream-throughput',
      },
      {
        alert: 'CanaryLate',
        severity: 'page',
        condition: `
          time() - max by (topic, group, partition) (reelstream_recon_canary_timestamp_seconds)
            > on (topic) group_left ()
              (${profile.freshnessSeconds} + 3 * max by (topic) (reelstream_recon_canary_interval_seconds > 0))`,
        guards: {
          'canaries go in': `and on (topic) sum by (topic) (increase(reelstream_recon_canaries_sent_total[${d('5m')}])) > 0`,
          'meant to read': MEANT_TO_READ,
        },
        // Every fault that stands in a canary's way has an alert that knows more and takes up to a quarter of an hour: it must be
        // there first, or there would be two calls for one fault
        for: d('15m'),
        summary:
          'The newest canary of {{ $labels.topic }}/{{ $labels.partition }} that ClickHouse shows is {{ $value | humanizeDuration }} old',
        dashboard: 'reelstream-overview',
      },
    ],
  };
}
