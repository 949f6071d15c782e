import { DELAY_SECONDS } from '../../../core/metrics/spec.ts';
import { PROFILES } from '../../../dashboards/rules/profile.ts';
import type { Settings } from '../../../runtime/settings.ts';
import { always, type Course, countOf, type Presence, totalOf } from './course.ts';
import { reconcilerSeries } from './reconciler-series.ts';
import { histogramOf, type Labels, type StorySeries, seriesOf, timeOf, upOf } from './story-series.ts';

/** Who is scraped in a story; Prometheus and Alertmanager are real and speak for themselves. */
export const STORY_JOBS = [
  'producer',
  'sink',
  'recommender',
  'reconciler',
  'clickhouse',
  'registry',
] as const;
export type StoryJob = (typeof STORY_JOBS)[number];

/** What differs from a pipeline of 100 events a second that is well. */
export interface PipelineStory {
  /** events a second that the source sends; its readers keep up */
  readonly rate?: Course;
  /** what the source says it is meant to send */
  readonly target?: Course;
  readonly bytesPerRow?: Course;
  /** root of the mean squared error, in stars, of the model and of the plain mean */
  readonly rmse?: Course;
  readonly naiveRmse?: Course;
  /** share of the API's calls that fail */
  readonly failedShare?: Course;
  /** 1 or 0 as a scrape finds it, null while nobody scrapes it; default: always 1 */
  readonly up?: Partial<Record<StoryJob, Presence>>;
}

const CALLS_PER_SECOND = 10;
const LAG_EVENTS = 20;
const FRESHNESS_SECONDS = PROFILES.production.freshnessSeconds;
const MODEL: Labels = { model: 'blend' };
const everyFiveMinutes: Course = (minute) => Math.floor(minute / 5) * 5;
const now: Course = (minute) => minute;

/** Every series that the rules read, as the services export it. @param endMinute the last that is asked for */
export function pipelineSeries(story: PipelineStory, endMinute: number, settings: Settings): StorySeries[] {
  const rate = story.rate ?? always(100);
  const count = (perSecond: Course) => countOf(perSecond, endMinute);
  const readers = [
    { job: 'sink', group: settings.REELSTREAM_SINK_GROUP },
    { job: 'recommender', group: 'reelstream-recommender-0' },
  ];
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const events = count(rate);
  const all = [
    ...STORY_JOBS.map((job) => upOf(job, story.up?.[job] ?? always(1))),
    seriesOf('producer', 'producer_target_events_per_second', { topic }, story.target ?? always(100)),
    seriesOf('producer', 'producer_events_acked_total', { topic }, events),
    ...readers.flatMap((reader) => readerSeries(reader, events, settings)),
    ...reconcilerSeries({ rate, bytesPerRow: story.bytesPerRow ?? always(12) }, endMinute, settings),
    ...modelSeries(story, endMinute),
    ...apiSeries(story, endMinute),
  ];
  // a process that is not scraped has no series: nobody has seen them
  return all.map((series) => {
    const up = story.up?.[series.job as StoryJob];
    if (!up || series.metric === 'up') return series;
    return { ...series, at: (minute) => (up(minute) === 1 ? series.at(minute) : null) };
  });
}

function readerSeries(
  { job, group }: { readonly job: string; readonly group: string },
  events: Course,
  settings: Settings,
): StorySeries[] {
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const own = { topic, group };
  const partitions = Array.from({ length: settings.REELSTREAM_RATINGS_PARTITIONS }, (_, i) => String(i));
  return [
    seriesOf(job, 'consumer_events_consumed_total', own, events),
    seriesOf(job, 'consumer_events_applied_total', own, events),
    seriesOf(job, 'consumer_events_dropped_total', { ...own, reason: 'duplicate' }, always(0)),
    seriesOf(job, 'consumer_events_dead_lettered_total', { ...own, reason: 'decode' }, always(0)),
    seriesOf(job, 'consumer_inflight_events', own, always(0)),
    seriesOf(job, 'consumer_halted_partitions', own, always(0)),
    ...histogramOf(job, 'consumer_event_delay_seconds', own, {
      bound: DELAY_SECONDS.find((bound) => bound === FRESHNESS_SECONDS)!,
      below: events,
      count: events,
    }),
    seriesOf('reconciler', 'recon_expected_consumer', own, always(1)),
    ...partitions.flatMap((partition) => {
      const position = (minute: number) => Math.floor(events(minute) / partitions.length);
      const seen = { ...own, partition };
      return [
        seriesOf('reconciler', 'kafka_group_lag_events', seen, always(LAG_EVENTS)),
        seriesOf('reconciler', 'kafka_group_committed_offset', seen, position),
        ...(job === 'sink' ? [timeOf('reconciler', 'recon_canary_timestamp_seconds', seen, now)] : []),
      ];
    }),
  ];
}

function modelSeries(story: PipelineStory, endMinute: number): StorySeries[] {
  const rate = story.rate ?? always(100);
  const errors = (rmse: Course) => totalOf((minute) => rate(minute) * rmse(minute) ** 2, endMinute);
  const events = countOf(rate, endMinute);
  return [
    seriesOf('recommender', 'reco_predictions_scored_total', MODEL, events),
    seriesOf('recommender', 'reco_squared_error_total', MODEL, errors(story.rmse ?? always(0.9))),
    seriesOf('recommender', 'reco_naive_squared_error_total', MODEL, errors(story.naiveRmse ?? always(1))),
    seriesOf('recommender', 'reco_nonfinite_total', MODEL, always(0)),
    seriesOf('recommender', 'reco_model_updates_total', MODEL, events),
    timeOf('recommender', 'reco_snapshot_timestamp_seconds', MODEL, everyFiveMinutes),
    seriesOf('recommender', 'reco_snapshot_interval_seconds', MODEL, always(5 * 60)),
    timeOf('recommender', 'api_model_timestamp_seconds', MODEL, now),
  ];
}

function apiSeries({ failedShare = always(0) }: PipelineStory, endMinute: number): StorySeries[] {
  const route = { route: '/api/v1/recommend/:userId', method: 'GET' };
  const calls = (code: string, share: Course) =>
    seriesOf(
      'recommender',
      'api_requests_total',
      { ...route, code },
      countOf((minute) => CALLS_PER_SECOND * share(minute), endMinute),
    );
  return [calls('200', (minute) => 1 - failedShare(minute)), calls('500', failedShare)];
}
