import { OF_TOPIC } from './frame.ts';

const INJECTED = `reelstream_producer_injected_records_total{${OF_TOPIC}}`;
const STARTED = `reelstream_producer_injecting_run_timestamp_seconds{${OF_TOPIC}}`;
const CAUGHT = `reelstream_recon_caught_events{${OF_TOPIC}}`;
const UNTIL = `reelstream_recon_caught_until_timestamp_seconds{${OF_TOPIC}}`;

/** How long a record may be on its way until it is held to be lost; longer than MOST_AGE_SECONDS and two scrapes. */
const ON_THE_WAY = '90s';
/** Two rounds of the reconciler: up to then everything that Kafka took was counted. Older than that, it or the sink is behind. */
const MOST_AGE_SECONDS = 70;
/** The two sides are scraped at different moments: what is there was sent by the next scrape of the other. */
const SCRAPES_APART = '15s';
/** A gap of scrapes for which the range may begin in it: Prometheus holds a value for five minutes. */
const BEFORE = '6m';

/** At the beginning of the range. Without it nobody can say what the tables held then. */
const CAUGHT_THEN = `(${CAUGHT} offset $__range)`;
/** From when on it is known what was caught: the beginning of the range, or the first look in it. */
const SINCE = `(max by (topic) ${CAUGHT_THEN} * 0 + (time() - $__range_s) or min by (topic) (min_over_time(${UNTIL}[$__range])))`;

const runsSinceThen = `max_over_time(${STARTED}[$__range]) > on (topic) group_left () ${SINCE}`;
const last = (offset: string) => `max_over_time(${INJECTED}[$__range]${offset})`;

/**
 * Where each run stood when the range began: 0 if it is younger. A run that is older and was not seen then has no base, for
 * what it sent before somebody looked is not in what was caught since.
 */
function base(fn: 'min' | 'max', offset = ''): string {
  const old = `${fn}_over_time(${INJECTED}[${BEFORE}] offset $__range) and on (topic, reason) ${CAUGHT_THEN}`;
  const young = `${last(offset)} * 0 and on (topic, started) (${runsSinceThen})`;
  return `(${old} or ${young})`;
}

const found = (offset = '') =>
  `sum by (reason) (last_over_time(${CAUGHT}[$__range]${offset}) - (${CAUGHT_THEN} or min_over_time(${CAUGHT}[$__range])))`;

const byReason = (runs: string) => `sum by (reason) (${runs})`;

/** Of a run without a base what was seen of it. */
const ALL = byReason(`${last('')} - (${base('max')} or min_over_time(${INJECTED}[$__range]))`);
/** Long enough ago to be there, and is not. */
const MISSING = `${byReason(`${last(` offset ${ON_THE_WAY}`)} - ${base('max', ` offset ${ON_THE_WAY}`)}`)} - ${found()}`;
/** Is there and was not sent, also not shortly before the range, by a run that was over when it began. */
const TOO_MUCH = `${byReason(`(${last('')} or max_over_time(${INJECTED}[${BEFORE}] offset $__range)) - ${base('min')}`)} - ${found(` offset ${SCRAPES_APART}`)}`;

const BASE_UNKNOWN = `(${last('')} unless ${base('max')})`;
const IS_COMPLETE = `(max(timestamp(${UNTIL}) - ${UNTIL}) < ${MOST_AGE_SECONDS})`;
const DIFFERENCE = [
  `((${MISSING} > 0) or clamp_max(${TOO_MUCH}, 0))`,
  `and on (reason) ${last('')}`,
  `unless on (reason) ${BASE_UNKNOWN}`,
  `and on () ${IS_COMPLETE}`,
].join(' ');

const side = (name: string, expr: string) => `label_replace(${expr}, "side", "${name}", "", "")`;

/** Rows (reason, side, value) of the sides `injected`, `caught` and, where it is exact, `difference`. */
export const INJECTED_AGAINST_CAUGHT: string = [
  side('injected', ALL),
  side('caught', `${found()} and on (reason) ${last('')}`),
  side('difference', DIFFERENCE),
].join(' or ');
