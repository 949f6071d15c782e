import type { Windows } from './profile.ts';
import type { RuleGroup } from './rule.ts';

const TARGET = 'reelstream_producer_target_events_per_second';
const settled = (window: string) =>
  ['applied', 'dropped', 'dead_lettered']
    .map((how) => `sum by (topic, group) (rate(reelstream_consumer_events_${how}_total[${window}]))`)
    .join('\n+ ');

/** Throughput of every stage under one name, and the declared target where it says something. */
export function stageRates({ d }: Windows): RuleGroup {
  return {
    name: 'reelstream_stage_rates',
    rules: [
      {
        record: 'stage:reelstream_events:rate5m',
        labels: { stage: 'produced' },
        condition: `sum by (topic) (rate(reelstream_producer_events_acked_total[${d('5m')}]))`,
        why: 'one series per stage: one dip rule and one panel serve all of them',
      },
      {
        record: 'stage:reelstream_events:rate5m',
        labels: { stage: 'consumed' },
        condition: `sum by (topic, group) (rate(reelstream_consumer_events_consumed_total[${d('5m')}]))`,
        why: 'what was read and judged',
      },
      {
        record: 'stage:reelstream_events:rate5m',
        labels: { stage: 'settled' },
        condition: settled(d('5m')),
        why: 'whatever its verdict: a replay full of duplicates is no dip, it has an alert of its own',
      },
      {
        record: 'topic:reelstream_log:rate5m',
        condition: `sum by (topic) (rate(reelstream_kafka_topic_end_offset[${d('5m')}]))`,
        why: 'what arrives in the log, whoever sends it: a reader that takes as much does not dip',
      },
      {
        record: 'topic:reelstream_produced:rate15m',
        condition: `sum by (topic) (rate(reelstream_producer_events_acked_total[${d('15m')}]))`,
        why: 'long enough to compare with a target',
      },
      {
        record: 'topic:reelstream_target:running',
        condition: `sum by (topic) (${TARGET})`,
        guards: {
          'without a break': `and on (topic) min by (topic) (min_over_time(${TARGET}[${d('10m')}])) > 0`,
          'for ten minutes': `and on (topic) sum by (topic) (${TARGET} offset ${d('10m')}) > 0`,
        },
        why: 'the declared target, missing during warm-up, a planned stop and the first minutes after one',
      },
      {
        record: 'topic:reelstream_target:avg15m',
        condition: `avg_over_time(topic:reelstream_target:running[${d('15m')}])`,
        why: 'what the rate of the same window is held against: a profile may move all the time',
      },
      {
        record: 'stage:reelstream_events:rate5m_trained',
        condition: 'stage:reelstream_events:rate5m',
        guards: {
          'the source is meant to run': 'and on (topic) topic:reelstream_target:running',
          'no dip under way': 'unless on (stage, topic, group) ALERTS{alertname="PipelineThroughputDip"}',
          'nor one of the source':
            'unless on (topic) ALERTS{alertname="PipelineThroughputDip", stage="produced"}',
        },
        why: 'what a baseline may learn from; pending counts as a dip, or a long outage becomes the new normal',
      },
    ],
  };
}
