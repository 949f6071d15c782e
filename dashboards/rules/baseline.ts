import type { Windows } from './profile.ts';
import type { RecordingRule, RuleGroup } from './rule.ts';

const S = 'stage:reelstream_events';
const RATE = `${S}:rate5m`;
const TRAINED = `${S}:rate5m_trained`;

/** What is usual: the median and the bad-but-normal minute of the last hour, and this time of day before. */
export function baseline({ d }: Windows): RuleGroup {
  const held = (name: string, why: string): RecordingRule => ({
    record: `${S}:${name}_held`,
    condition: `last_over_time(${S}:${name}[${d('3h')}])`,
    why,
  });
  const aroundThen = (offset: string) => `
    (
      quantile_over_time(0.1, ${RATE}_running[${d('30m')}] offset ${offset})
      and
      count_over_time(${RATE}_running[${d('30m')}:${d('5m')}] offset ${offset}) >= 4
    )`;
  return {
    name: 'reelstream_baseline',
    rules: [
      {
        record: `${S}:baseline1h`,
        condition: `quantile_over_time(0.5, ${TRAINED}[${d('1h')}] offset ${d('10m')})`,
        guards: {
          'twenty minutes of training': `and count_over_time(${TRAINED}[${d('1h')}:${d('5m')}] offset ${d('10m')}) >= 4`,
        },
        why: 'median, without the ten minutes that may be the dip; the sub-query makes the count independent of how often this is evaluated',
      },
      {
        record: `${S}:floor1h`,
        condition: `quantile_over_time(0.05, ${TRAINED}[${d('1h')}] offset ${d('10m')}) and ${S}:baseline1h`,
        why: 'what a bursty source does on a bad but normal minute',
      },
      held('baseline1h', 'survives an outage that is longer than the training'),
      held('floor1h', 'the same'),
      {
        record: `${RATE}_running`,
        condition: `${RATE} and on (topic) topic:reelstream_target:running`,
        why: 'what was usual includes past dips: a scheduled drop is one',
      },
      {
        record: `${S}:same_time_before`,
        condition: `${aroundThen(d('10065m'))}\n    or${aroundThen(d('1425m'))}`,
        why: 'the half hour around this time last week, else yesterday: lets a scheduled drop pass from its second day',
      },
      {
        record: `${S}:ratio_to_baseline`,
        condition: `${RATE} / (${S}:baseline1h_held > 0)`,
        why: 'how deep a dip is: 1 as usual, 0 nothing',
      },
    ],
  };
}
