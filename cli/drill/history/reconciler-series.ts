import { PERIODS, type PeriodSide, periodsAt } from '../../../reconciler/periods.ts';
import { PERIOD_TABLES } from '../../../reconciler/read-periods.ts';
import { SETTLED_TABLES } from '../../../reconciler/read-settled.ts';
import type { Settings } from '../../../runtime/settings.ts';
import { always, type Course, countOf, type Presence, totalOf } from './course.ts';
import { type StorySeries, seriesOf, timeOf } from './story-series.ts';

export interface TableCourses {
  readonly rate: Course;
  readonly bytesPerRow: Course;
}

const MINUTE_MS = 60_000;
const now: Course = (minute) => minute;

/** What the reconciler exports of source, sink and closed periods; lag is the readers'. */
export function reconcilerSeries(
  courses: TableCourses,
  endMinute: number,
  settings: Settings,
): StorySeries[] {
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const canarySeconds = settings.REELSTREAM_RECONCILER_CANARY_INTERVAL_MS / 1_000;
  const canariesPerSecond = settings.REELSTREAM_RATINGS_PARTITIONS / canarySeconds;
  const events = countOf(courses.rate, endMinute);
  const own = (...given: Tail<typeof seriesOf>) => seriesOf('reconciler', ...given);
  return [
    own('kafka_topic_end_offset', { topic, partition: '0' }, events),
    own('recon_canary_interval_seconds', { topic }, always(canarySeconds)),
    own('recon_canaries_sent_total', { topic }, countOf(always(canariesPerSecond), endMinute)),
    ...SETTLED_TABLES.flatMap((table) => [
      own('recon_source_events', { topic, table }, events),
      own('recon_sink_events', { topic, table }, events),
      own('recon_tolerance_ratio', { topic, table }, always(settings.REELSTREAM_RECONCILER_TOLERANCE)),
    ]),
    ...periodSeries(courses, endMinute, settings),
    timeOf('reconciler', 'recon_last_success_timestamp_seconds', {}, now),
    own('recon_interval_seconds', {}, always(settings.REELSTREAM_RECONCILER_INTERVAL_MS / 1_000)),
  ];
}

type Tail<F> = F extends (job: string, ...rest: infer Rest) => unknown ? Rest : never;

/** Closed hours and days by the reconciler's own calendar, counted from what the story let flow. */
function periodSeries(courses: TableCourses, endMinute: number, settings: Settings): StorySeries[] {
  const { rate, bytesPerRow } = courses;
  const rows = totalOf(rate, endMinute);
  const bytes = totalOf((minute) => rate(minute) * bytesPerRow(minute), endMinute);
  return PERIODS.flatMap((period) => {
    const during =
      (side: PeriodSide, total: Course): Presence =>
      (minute) => {
        const spans = periodsAt(minute * MINUTE_MS, period, settings.REELSTREAM_RECONCILER_SETTLE_MS);
        const { startMs, endMs } = spans[side];
        return startMs < 0 ? null : Math.round(total(endMs / MINUTE_MS) - total(startMs / MINUTE_MS));
      };
    return PERIOD_TABLES.flatMap((table) => {
      const own = (...[name, at]: [Parameters<typeof seriesOf>[1], Presence]) =>
        seriesOf('reconciler', name, { table, period }, at);
      return [
        own('recon_period_rows', during('closed', rows)),
        own('recon_previous_period_rows', during('previous', rows)),
        own('recon_last_week_period_rows', during('lastWeek', rows)),
        own('recon_dip_threshold_ratio', always(settings.REELSTREAM_RECONCILER_DIP_THRESHOLD)),
        own('recon_min_rows', always(settings.REELSTREAM_RECONCILER_MIN_ROWS)),
        // the other one does not know how large a record was
        ...(table === 'events_raw'
          ? [
              own('recon_period_bytes', during('closed', bytes)),
              own('recon_previous_period_bytes', during('previous', bytes)),
            ]
          : []),
      ];
    });
  });
}
