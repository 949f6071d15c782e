import type { Profile } from '../../dashboards/rules/profile.ts';
import { noiseOf } from './noise.ts';
import {
  always,
  type Course,
  counter,
  gauge,
  type Presence,
  type Sample,
  type SeriesSet,
  seriesName,
} from './series.ts';

export const TOPIC = 'ratings';
export const GROUPS = { sink: 'reelstream-sink', recommender: 'reelstream-recommender-0' } as const;
type Reader = keyof typeof GROUPS;
const READERS = ['sink', 'recommender'] as const;
const PORTS = {
  producer: 9401,
  sink: 9402,
  recommender: 8000,
  reconciler: 9404,
  registry: 8081,
  clickhouse: 8123,
  prometheus: 9090,
  alertmanager: 9093,
} as const;
export type Job = keyof typeof PORTS;

/** One of the two consumers. Rates are events per second, courses are functions of the minute. */
export interface ReaderWorld {
  readonly consumed?: Course;
  /** read and neither durable nor refused; default: a second's worth */
  readonly inFlight?: Course;
  readonly applied?: Course;
  readonly duplicates?: Course;
  /** dead letters: the counter itself */
  readonly deadLetters?: Presence;
  /** share of events that are late */
  readonly late?: Course;
  /** events that carry a delay, per second */
  readonly timed?: Course;
  readonly lag?: (minute: number, partition: number) => number;
  /** how fast the position moves */
  readonly position?: (minute: number, partition: number) => number;
  readonly expected?: Presence;
  readonly halted?: Course;
}

/** What differs from a healthy pipeline of 100 events per second. */
export interface World {
  readonly rate?: Course;
  /** what arrives in the log, of all who send; default: what the producer sends */
  readonly arrivals?: Course;
  readonly target?: Course;
  readonly sink?: ReaderWorld;
  readonly recommender?: ReaderWorld;
  /** age of the newest visible canary in minutes of the run */
  readonly canaryAge?: (minute: number, partition: number) => number;
  readonly canariesSent?: Course;
  readonly rows?: Course;
  readonly previousRows?: Course;
  readonly lastWeekRows?: Course;
  /** bytes of the period; default: twelve per row */
  readonly bytes?: Course;
  readonly previousBytes?: Course;
  /** what the sink holds more (or less) than the source */
  readonly surplus?: Course;
  readonly tolerance?: Course;
  readonly check?: Course;
  readonly checkSeverity?: 'page' | 'ticket';
  /** minute of the reconciler's last success */
  readonly reconciled?: Course;
  readonly scored?: Course;
  readonly updates?: Course;
  readonly rmse?: Course;
  readonly naive?: Course;
  readonly nonFinite?: Course;
  /** the counter of squared errors turns into NaN at this minute */
  readonly errorsBecomeNaNAt?: number;
  /** minute of the newest snapshot, and of the newest event in the model that answers */
  readonly snapshot?: Course;
  readonly served?: Course;
  readonly apiOk?: Course;
  readonly apiFailed?: Course;
  /** job -> when it is up, null: no such target */
  readonly up?: Partial<Record<Job, Presence>>;
  /** processes that end: their series go stale, their target stays and is down */
  readonly dies?: Partial<Record<Job, number>>;
  /** series that do not exist in this world */
  readonly without?: readonly RegExp[];
  /** series that are changed after all */
  readonly patch?: readonly (readonly [RegExp, (sample: Sample, minute: number) => Sample])[];
}

/** Every series the rules read, minute by minute; in another profile a minute of the run takes a minute's share of time. */
export function seriesOf(minutes: number, world: World, profile: Profile): SeriesSet {
  const all: SeriesSet = new Map();
  const stepSeconds = 60 / profile.faster;
  const put = (metric: string, labels: Readonly<Record<string, string>>, samples: Sample[]) =>
    all.set(seriesName(metric === 'up' ? metric : `reelstream_${metric}`, labels), samples);
  const of = (job: Job) => ({ job, instance: `127.0.0.1:${PORTS[job]}` });
  const time = (minute: Course) => gauge(minutes, (t) => minute(t) * stepSeconds);
  const rate = world.rate ?? always(100);

  for (const job of Object.keys(PORTS) as Job[])
    put('up', of(job), gauge(minutes, world.up?.[job] ?? always(1)));
  const produced = { ...of('producer'), topic: TOPIC };
  const target = world.target ?? always(100);
  put(
    'producer_target_events_per_second',
    produced,
    gauge(minutes, (t) => target(t) * profile.faster),
  );
  put('producer_events_acked_total', produced, counter(minutes, rate, 'acked'));

  for (const reader of READERS) putReader(reader, world[reader] ?? {});
  putReconciler();
  putModel();
  finish();
  return all;

  function putReader(reader: Reader, changed: ReaderWorld) {
    const group = GROUPS[reader];
    const own = { ...of(reader), topic: TOPIC, group };
    const seen = { ...of('reconciler'), topic: TOPIC, group };
    const consumed = changed.consumed ?? rate;
    const applied = changed.applied ?? consumed;
    const duplicates = changed.duplicates ?? ((t) => 0.001 * consumed(t));
    put('consumer_events_consumed_total', own, counter(minutes, consumed, `${reader} consumed`));
    put('consumer_events_applied_total', own, counter(minutes, applied, `${reader} applied`));
    const duplicated = counter(minutes, duplicates, `${reader} duplicates`);
    put('consumer_events_dropped_total', { ...own, reason: 'duplicate' }, duplicated);
    const dead = gauge(minutes, changed.deadLetters ?? always(0));
    put('consumer_events_dead_lettered_total', { ...own, reason: 'decode' }, dead);
    put('consumer_inflight_events', own, gauge(minutes, changed.inFlight ?? consumed));
    put('consumer_halted_partitions', own, gauge(minutes, changed.halted ?? always(0)));
    const timed = changed.timed ?? always(100);
    const late = changed.late ?? always(0);
    const inTime = counter(minutes, (t) => timed(t) * (1 - late(t)));
    const bound = { ...own, le: String(profile.freshnessSeconds) };
    put('consumer_event_delay_seconds_bucket', bound, inTime);
    put('consumer_event_delay_seconds_count', own, counter(minutes, timed));
    put('recon_expected_consumer', seen, gauge(minutes, changed.expected ?? always(1)));
    for (const partition of [0, 1]) {
      const place = { ...seen, partition: String(partition) };
      const noise = noiseOf(`${reader} lag ${partition}`);
      const lag = (t: number) => changed.lag?.(t, partition) ?? noise.poisson(t, 20);
      put('kafka_group_lag_events', place, gauge(minutes, lag));
      const position = (t: number) => changed.position?.(t, partition) ?? 50;
      put('kafka_group_committed_offset', place, counter(minutes, position));
      if (reader !== 'sink') continue;
      const age = (t: number) => world.canaryAge?.(t, partition) ?? 0;
      put(
        'recon_canary_timestamp_seconds',
        place,
        time((t) => t - age(t)),
      );
    }
  }

  function putReconciler() {
    const own = of('reconciler');
    put(
      'recon_canary_interval_seconds',
      { ...own, topic: TOPIC },
      gauge(minutes, always(5 / profile.faster)),
    );
    const arrivals = world.arrivals ?? rate;
    for (const partition of ['0', '1']) {
      const half = counter(minutes, (t) => arrivals(t) / 2, `log ${partition}`);
      put('kafka_topic_end_offset', { ...own, topic: TOPIC, partition }, half);
    }
    const sent = counter(minutes, world.canariesSent ?? always(0.4));
    put('recon_canaries_sent_total', { ...own, topic: TOPIC }, sent);
    const period = { ...own, table: 'events_raw', period: '1h' };
    const rows = world.rows ?? always(360_000);
    const previousRows = world.previousRows ?? always(361_000);
    put('recon_period_rows', period, gauge(minutes, rows));
    put('recon_previous_period_rows', period, gauge(minutes, previousRows));
    put('recon_last_week_period_rows', period, gauge(minutes, world.lastWeekRows ?? always(359_000)));
    put('recon_period_bytes', period, gauge(minutes, world.bytes ?? ((t) => rows(t) * 12)));
    const previousBytes = world.previousBytes ?? ((t) => previousRows(t) * 12);
    put('recon_previous_period_bytes', period, gauge(minutes, previousBytes));
    put('recon_dip_threshold_ratio', period, gauge(minutes, always(0.7)));
    put('recon_min_rows', period, gauge(minutes, always(100)));
    const pair = { ...own, topic: TOPIC, table: 'events_raw' };
    const source = (t: number) => 1_000_000 + 6_000 * t;
    put('recon_source_events', pair, gauge(minutes, source));
    put(
      'recon_sink_events',
      pair,
      gauge(minutes, (t) => source(t) + (world.surplus?.(t) ?? 0)),
    );
    put('recon_tolerance_ratio', pair, gauge(minutes, world.tolerance ?? always(0)));
    const check = { check: 'rows_against_yesterday', operator: 'ge_ratio' };
    const severity = world.checkSeverity ?? 'ticket';
    put('recon_check_passed', { ...own, ...check, severity }, gauge(minutes, world.check ?? always(1)));
    put('recon_last_success_timestamp_seconds', own, time(world.reconciled ?? ((t) => t)));
    put('recon_interval_seconds', own, gauge(minutes, always(stepSeconds)));
  }

  function putModel() {
    const own = { ...of('recommender'), model: 'blend' };
    const scored = counter(minutes, world.scored ?? always(100));
    const errors = (rmse: Course) => {
      let sum = 0;
      return scored.map((total, t) => {
        sum += t === 0 ? 0 : (total - scored[t - 1]!) * rmse(t) ** 2;
        return t >= (world.errorsBecomeNaNAt ?? Number.POSITIVE_INFINITY) ? Number.NaN : sum;
      });
    };
    put('reco_predictions_scored_total', own, scored);
    put('reco_squared_error_total', own, errors(world.rmse ?? always(0.9)));
    put('reco_naive_squared_error_total', own, errors(world.naive ?? always(1)));
    put('reco_nonfinite_total', own, gauge(minutes, world.nonFinite ?? always(0)));
    put('reco_model_updates_total', own, counter(minutes, world.updates ?? world.scored ?? always(100)));
    put('reco_snapshot_timestamp_seconds', own, time(world.snapshot ?? everyFiveMinutes));
    put('reco_snapshot_interval_seconds', own, gauge(minutes, always(5 * stepSeconds)));
    put('api_model_timestamp_seconds', own, time(world.served ?? ((t) => t)));
    const call = { ...of('recommender'), route: '/api/v1/recommend/:userId', method: 'GET' };
    put('api_requests_total', { ...call, code: '200' }, counter(minutes, world.apiOk ?? always(10)));
    put('api_requests_total', { ...call, code: '500' }, counter(minutes, world.apiFailed ?? always(0)));
  }

  function finish() {
    for (const name of [...all.keys()]) {
      if (world.without?.some((pattern) => pattern.test(name))) all.delete(name);
      for (const [pattern, change] of world.patch ?? []) {
        const samples = all.get(name);
        if (samples && pattern.test(name)) all.set(name, samples.map(change));
      }
      for (const [job, at] of Object.entries(world.dies ?? {})) {
        const samples = all.get(name);
        if (samples && name.includes(`job="${job}"`))
          all.set(name, ended(samples, at, name.startsWith('up{')));
      }
    }
  }
}

const everyFiveMinutes: Course = (t) => Math.floor(t / 5) * 5;

function ended(samples: readonly Sample[], at: number, isUp: boolean): Sample[] {
  return samples.map((sample, t) => {
    if (t < at) return sample;
    if (isUp) return 0;
    return t === at ? 'stale' : null;
  });
}
