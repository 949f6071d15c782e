import { always, between, type Course, DAY, HOUR } from './course.ts';
import type { HistoryDrill, PastSpans } from './history-drill.ts';

const clock = (day: number, hour: number, minute = 0): number => day * DAY + hour * HOUR + minute;
/** A source that says that it is meant to send and not how much: only its own past can tell what is usual. */
const SAYS_LITTLE = always(1);
const lastHours = (hours: number, stepSeconds: number): PastSpans => ({
  spans: [[hours * HOUR, 0]],
  stepSeconds,
});
/** What baselines of an hour, held for three, look at. */
const LAST_HOURS = [5 * HOUR, 0] as const;
const SUNDAY = 6;
const onSundays =
  (then: number, else_: number): Course =>
  (minute) =>
    Math.floor(minute / DAY) % 7 === SUNDAY ? then : else_;

const EVENING = 20;
const isEvening = (minute: number) => minute % DAY >= EVENING * HOUR;
const LOST_DAY = 15;
const THIN_DAY = 15;

/** Alerts that look back for more than an hour in production: no drill of minutes can show them. */
export const HISTORY_DRILLS: readonly HistoryDrill[] = [
  {
    name: 'api-slow-burn',
    fault: 'four of a hundred API calls fail, for hours: too few for the fast alert',
    expected: [{ alert: 'ApiErrorBudgetSlowBurn' }],
    story: { failedShare: between(clock(0, 8), clock(0, 13), 0.04, 0) },
    past: lastHours(7, 30),
    moments: { silent: clock(0, 12), told: clock(0, 12, 45), over: clock(0, 13, 20) },
    words: { silent: '4 h of it', told: '4 h 45 min of it', over: '20 min after it' },
  },
  {
    name: 'model-drift-6h',
    fault: 'ratings no longer follow what the model learned in six hours',
    expected: [{ alert: 'RecommenderRmseDrift' }],
    story: {
      rmse: between(clock(0, 9), clock(0, 10), 1.2, 0.9),
      naiveRmse: between(clock(0, 9), clock(0, 10), 1.3, 1),
    },
    past: lastHours(8, 30),
    moments: { silent: clock(0, 9, 15), told: clock(0, 9, 45), over: clock(0, 10, 40) },
    words: { silent: '15 min of it', told: '45 min of it', over: '40 min after it' },
  },
  {
    name: 'dip-of-evening',
    fault: 'every evening a fifth is sent, as always; today a quarter of that',
    expected: [{ alert: 'PipelineThroughputDip', labels: { stage: 'produced' } }],
    story: {
      target: SAYS_LITTLE,
      rate: (minute) =>
        isEvening(minute) ? between(clock(1, 20, 20), clock(1, 20, 35), 5, 20)(minute) : 100,
    },
    past: { spans: [[26 * HOUR, 22 * HOUR], LAST_HOURS], stepSeconds: 60 },
    moments: { silent: clock(1, 20, 10), told: clock(1, 20, 32), over: clock(1, 20, 58) },
    words: {
      silent: "10 min of the evening's drop, as yesterday",
      told: '12 min of it',
      over: '23 min after it',
    },
  },
  {
    name: 'dip-as-yesterday',
    fault: "an outage at the very time of yesterday's outage; last week there was none",
    expected: [{ alert: 'PipelineThroughputDip', labels: { stage: 'produced' } }],
    story: {
      target: SAYS_LITTLE,
      rate: (minute) => {
        const yesterday = between(clock(8, 3), clock(8, 4, 20), 10, 100);
        const today = between(clock(9, 3), clock(9, 3, 25), 10, 100);
        return Math.min(yesterday(minute), today(minute));
      },
    },
    past: {
      spans: [[7 * DAY + 2 * HOUR, 7 * DAY - 2 * HOUR], [26 * HOUR, 22 * HOUR], LAST_HOURS],
      stepSeconds: 60,
    },
    moments: { silent: clock(9, 3, 1), told: clock(9, 3, 12), over: clock(9, 3, 50) },
    words: { silent: '1 min of it', told: '12 min of it', over: '25 min after it' },
  },
  {
    name: 'row-count-dip',
    fault: 'a Tuesday of 9 hours; the Sunday before was low like every Sunday',
    expected: [
      { alert: 'TableRowCountDip', labels: { table: 'events_raw', period: '1d' } },
      { alert: 'TableRowCountDip', labels: { table: 'agg_ratings_live', period: '1d' } },
    ],
    story: {
      rate: (minute) =>
        Math.min(
          onSundays(30, 100)(minute),
          between(clock(LOST_DAY, 8), clock(LOST_DAY, 23), 0, 100)(minute),
        ),
      target: onSundays(30, 100),
    },
    past: lastHours(4, 30),
    moments: {
      silent: clock(LOST_DAY - 1, 10),
      told: clock(LOST_DAY + 1, 10),
      over: clock(LOST_DAY + 2, 10),
    },
    words: { silent: 'Monday: Sunday as last Sunday', told: 'Wednesday', over: 'Thursday' },
  },
  {
    name: 'rows-thin',
    fault: 'fields are lost bit by bit, no hour much against the one before, but the day',
    expected: [{ alert: 'TableRowsThin', labels: { table: 'events_raw', period: '1d' } }],
    story: {
      bytesPerRow: (minute) =>
        Math.floor(minute / DAY) === THIN_DAY ? 12 * 0.9 ** ((minute % DAY) / HOUR) : 12,
    },
    past: lastHours(4, 30),
    moments: {
      silent: clock(THIN_DAY, 20),
      told: clock(THIN_DAY + 1, 10),
      over: clock(THIN_DAY + 2, 10),
    },
    words: { silent: '20 h of it', told: 'the day after', over: 'two days after' },
  },
  {
    name: 'target-gone',
    fault: 'the registry went yesterday and nobody brought it back',
    expected: [{ alert: 'PipelineTargetDown', labels: { job: 'registry' } }],
    story: { up: { registry: between(clock(1, 0), clock(1, 23), 0, 1) } },
    past: lastHours(25, 120),
    moments: { silent: clock(1, 0, 1), told: clock(1, 22, 59), over: clock(1, 23, 10) },
    words: { silent: '1 min of it', told: '22 h 59 min of it', over: '10 min after it' },
  },
  {
    name: 'metrics-missing',
    fault: 'nobody scrapes the reconciler any more: what is not there cannot be down',
    expected: ['reelstream_kafka_group_lag_events', 'reelstream_recon_last_success_timestamp_seconds'].map(
      (series) => ({ alert: 'PipelineMetricsMissing', labels: { series } }),
    ),
    story: { up: { reconciler: (minute) => (minute >= clock(1, 0) && minute < clock(1, 20) ? null : 1) } },
    past: lastHours(25, 120),
    moments: { silent: clock(1, 0, 10), told: clock(1, 20) - 1, over: clock(1, 20, 20) },
    words: { silent: '10 min of it', told: '19 h 59 min of it', over: '20 min after it' },
  },
];
