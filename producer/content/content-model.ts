import { ReelstreamError } from '../../core/errors.ts';
import type { FilmRatings } from './film-ratings.ts';
import { DEFAULT_ZIPF_EXPONENT, type Popularity } from './popularity.ts';
import type { IdRange } from './user-population.ts';

/** Who arrives during the run. */
export interface ArrivalModel {
  /** share of events that are an arrival's first, 0 to 1 */
  readonly share: number;
  /** id of the first to arrive; the others count on from it */
  readonly firstId: number;
  /** further events per arrival, most of them while it is new */
  readonly followUps: number;
}

/** New users by range, as MoviesMatchDataGenerator has them: any id of the range, at any time. */
export interface NewUserRange extends IdRange {
  /** share of events by a new user: 0 = existing users only, 1 = new users only */
  readonly probability: number;
  /** as that program's code has it, against its manual: the probability of an existing user */
  readonly swapped: boolean;
}

/** What live events are about. With the seed it decides every event, so it must not change within a run. */
export interface ContentModel {
  readonly films: FilmRatings;
  /** ratings per film, in the order of `films`; null when nobody counted */
  readonly counts: Float64Array | null;
  readonly popularity: Popularity;
  readonly users: IdRange;
  /** 0 = all users alike; the busiest share x of them give x^(1 - exponent) of the events */
  readonly activityExponent: number;
  readonly newUsers: ArrivalModel | NewUserRange;
  readonly newFilms: ArrivalModel;
  /** share of events about films that no catalogue has, 0 to 1 */
  readonly unknownFilmShare: number;
  /** share of events that rate again what an earlier event was about, 0 to 0.9 */
  readonly reRatingShare: number;
  /** how many events back that one may lie, beyond `referAfter` */
  readonly reRatingWindow: number;
  /** share of events that are watches without a rating, 0 to 1; re-ratings are always ratings */
  readonly watchShare: number;
  /**
   * Event n refers to events before n - referAfter only, so that a run with at most that many under way refers only to what
   * is acknowledged. It belongs to the content: the same seed with another number refers to other events.
   */
  readonly referAfter: number;
  /** number of the first live event; those before it were a replay's */
  readonly firstEvent: number;
}

const MAX_ID = 2 ** 31 - 1;
/** Unknown films take the ids from here on, 1,000 of them; MovieLens has given out fewer than 300,000. */
export const UNKNOWN_FILMS: IdRange = { firstId: 2_000_000_000, lastId: 2_000_000_999 };
/** A longer chain of re-ratings of re-ratings would cost too much to follow. */
const MAX_RE_RATING_SHARE = 0.9;

/** Everybody in MovieLens (small) rated at least 20 films: the first, and 19 to follow. */
const FOLLOW_UPS = 19;

/** A model without arrivals or extras: the sample's 610 users, busy as they were. */
export const CONTENT_DEFAULTS = {
  popularity: { by: 'zipf', exponent: DEFAULT_ZIPF_EXPONENT },
  users: { firstId: 1, lastId: 610 },
  // fits MovieLens (small), where the busiest tenth gives 47.7 % of the ratings
  activityExponent: 0.68,
  newUsers: { share: 0, firstId: 300_001, followUps: FOLLOW_UPS },
  newFilms: { share: 0, firstId: 1_000_000, followUps: FOLLOW_UPS },
  unknownFilmShare: 0,
  reRatingShare: 0,
  reRatingWindow: 100_000,
  watchShare: 0,
  referAfter: 5_000,
  firstEvent: 0,
} as const satisfies Omit<ContentModel, 'films' | 'counts'>;

/** @throws ReelstreamError `usage` naming every value out of its range */
export function checkContentModel(model: ContentModel): void {
  const { users, newUsers, newFilms, films } = model;
  const faults = [
    ...shareFaults('unknown films', model.unknownFilmShare),
    ...shareFaults('re-ratings', model.reRatingShare, MAX_RE_RATING_SHARE),
    ...shareFaults('re-ratings and watches together', model.reRatingShare + model.watchShare),
    ...shareFaults('watches', model.watchShare),
    ...rangeFaults('users', users),
    ...('probability' in newUsers
      ? [...shareFaults('new users', newUsers.probability), ...rangeFaults('new users', newUsers)]
      : [...arrivalFaults('new users', newUsers), ...aboveFaults('new users', newUsers, users.lastId)]),
    ...arrivalFaults('new films', newFilms),
    ...aboveFaults('new films', newFilms, films.movieIds.at(-1)!),
    ...wholeFaults('re-rating window', model.reRatingWindow, 1),
    ...wholeFaults('refer-after', model.referAfter, 1),
    ...wholeFaults('first event', model.firstEvent, 0),
  ];
  if (!(model.activityExponent >= 0 && model.activityExponent < 1)) {
    faults.push(`activity: the exponent ${model.activityExponent} is not from 0 to below 1`);
  }
  if (newFilms.share > 0 && newFilms.firstId >= UNKNOWN_FILMS.firstId) {
    faults.push(`new films: ids must begin below ${UNKNOWN_FILMS.firstId}, where unknown films are`);
  }
  if (faults.length > 0) throw new ReelstreamError('usage', `content: ${faults.join('; ')}`);
}

function shareFaults(name: string, share: number, max = 1): string[] {
  return share >= 0 && share <= max ? [] : [`${name}: the share ${share} is not from 0 to ${max}`];
}

function rangeFaults(name: string, { firstId, lastId }: IdRange): string[] {
  if (isId(firstId) && isId(lastId) && firstId <= lastId) return [];
  return [`${name}: ${firstId} to ${lastId} is no range of ids from 1 to ${MAX_ID}`];
}

function arrivalFaults(name: string, { share, followUps, firstId }: ArrivalModel): string[] {
  const faults = [...shareFaults(name, share), ...wholeFaults(`${name}, follow-ups`, followUps, 0)];
  return isId(firstId) ? faults : [...faults, `${name}: the first id ${firstId} is not from 1 to ${MAX_ID}`];
}

function aboveFaults(name: string, { share, firstId }: ArrivalModel, lastKnown: number): string[] {
  if (share === 0 || firstId > lastKnown) return [];
  return [`${name}: the first id ${firstId} must be above ${lastKnown}, the last that is known already`];
}

function wholeFaults(name: string, value: number, min: number): string[] {
  return Number.isSafeInteger(value) && value >= min
    ? []
    : [`${name}: ${value} is no whole number from ${min}`];
}

function isId(id: number): boolean {
  return Number.isInteger(id) && id >= 1 && id <= MAX_ID;
}
