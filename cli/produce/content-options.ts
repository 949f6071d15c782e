import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { ReelstreamError } from '../../core/errors.ts';
import { CONTENT_DEFAULTS, type ContentModel } from '../../producer/content/content-model.ts';
import { loadContentModel } from '../../producer/content/load-content-model.ts';
import { type Popularity, parseExponent, parsePopularity } from '../../producer/content/popularity.ts';
import type { IdRange } from '../../producer/content/user-population.ts';
import { parseInteger } from '../command.ts';
import { sampleFolder } from '../wiring.ts';
import type { MoviesMatchSimulation } from './movies-match.ts';

/** As commander hands them over; what was not given is absent, so that a default can depend on the rest. */
export interface ContentOptions {
  readonly distribution?: string;
  readonly counts?: string;
  readonly popularity?: Popularity;
  readonly users?: IdRange;
  readonly activity?: number;
  readonly newUsers?: number;
  readonly newUsersFrom?: number;
  readonly newUserRange?: IdRange;
  readonly newUserProbability?: number;
  readonly legacySwappedRanges?: boolean;
  readonly newFilms?: number;
  readonly newFilmsFrom?: number;
  readonly followUps?: number;
  readonly referAfter?: number;
  readonly unknownFilms?: number;
  readonly reRatings?: number;
  readonly reRatingWindow?: number;
  readonly watches?: number;
}

const MAX_ID = 2 ** 31 - 1;
const DEFAULT_FILE = 'movies_ratings_distribution.csv';
const SHIPPED_DISTRIBUTION = join(sampleFolder, 'distribution', DEFAULT_FILE);
const SHIPPED_COUNTS = join(sampleFolder, 'distribution', 'movies_ratings_counts.csv');
/** what MoviesMatchDataGenerator has: nobody and nothing more popular than another */
const EVEN: Popularity = { by: 'zipf', exponent: 0 };
/** its documented defaults */
const NEW_USER_RANGE = { firstId: 300_001, lastId: 300_300, probability: 0.5 };

/** What live events are about; the options that say when they come stand elsewhere. */
export function addContentOptions(command: Command): Command {
  const ids = (name: string) => parseInteger(name, 1, MAX_ID);
  const count = (name: string, min: number) => parseInteger(name, min, Number.MAX_SAFE_INTEGER);
  return command
    .option('--distribution <file>', 'how each film is rated: index,movieId,rating,prob (default MovieLens)')
    .option('--counts <file>', 'how often each film is rated: movieId,ratings (default MovieLens)')
    .option(
      '--popularity <law>',
      'of films: counts, uniform or zipf[:exponent] (default counts, without them zipf:0.5)',
      parsePopularity,
    )
    .option('--users <first-last>', 'ids of existing users (default 1-610)', parseIdRange('--users'))
    .option('--activity <law>', 'of users: uniform or zipf[:exponent] (default zipf:0.68)', parseActivity)
    .option(
      '--new-users <share>',
      "events that are a new user's first (default 0)",
      parseShare('--new-users'),
    )
    .option('--new-users-from <id>', 'id of the first new user (default 300001)', ids('--new-users-from'))
    .option(
      '--new-films <share>',
      "events that are a new film's first (default 0)",
      parseShare('--new-films'),
    )
    .option('--new-films-from <id>', 'id of the first new film (default 1000000)', ids('--new-films-from'))
    .option(
      '--follow-ups <n>',
      'more events per arrival, soon after it (default 19)',
      count('--follow-ups', 0),
    )
    .option(
      '--refer-after <events>',
      'how old an event is, in events, before another one refers to it (default 5000)',
      count('--refer-after', 1),
    )
    .option(
      '--new-user-range <first-last>',
      'instead of arrivals: ids of new users, any at any time (default 300001-300300)',
      parseIdRange('--new-user-range'),
    )
    .option(
      '--new-user-probability <p>',
      'events by a user of that range: 0 none, 1 all (default 0.5)',
      parseShare('--new-user-probability'),
    )
    .option('--legacy-swapped-ranges', 'take that probability for existing users, as the original code did')
    .option('--unknown-films <share>', 'events about films no catalogue has', parseShare('--unknown-films'))
    .option(
      '--re-ratings <share>',
      'events that rate again what was rated before',
      parseShare('--re-ratings'),
    )
    .option(
      '--re-rating-window <events>',
      'how far back that was (default 100000)',
      count('--re-rating-window', 1),
    )
    .option('--watches <share>', 'events that are watches without a rating', parseShare('--watches'));
}

/**
 * The model these options ask for; what they leave open is as MoviesMatchDataGenerator has it when its variables are set,
 * otherwise as in MovieLens.
 * @throws ReelstreamError `usage` or `bad_data`
 */
export function contentModelFrom(
  options: ContentOptions,
  simulation: MoviesMatchSimulation | null,
  firstEvent: number,
): Promise<ContentModel> {
  const distributionPath = resolve(options.distribution ?? defaultDistribution(simulation));
  const countsPath = options.counts ?? (distributionPath === SHIPPED_DISTRIBUTION ? SHIPPED_COUNTS : null);
  const byData: Popularity = countsPath === null ? CONTENT_DEFAULTS.popularity : { by: 'counts' };
  const { newFilms } = CONTENT_DEFAULTS;
  return loadContentModel({
    firstEvent,
    distributionPath,
    countsPath,
    popularity: options.popularity ?? (simulation ? EVEN : byData),
    users: options.users ?? simulation?.users ?? CONTENT_DEFAULTS.users,
    activityExponent: options.activity ?? (simulation ? 0 : CONTENT_DEFAULTS.activityExponent),
    newUsers: newUsersFrom(options, simulation),
    newFilms: {
      share: options.newFilms ?? newFilms.share,
      firstId: options.newFilmsFrom ?? newFilms.firstId,
      followUps: options.followUps ?? newFilms.followUps,
    },
    unknownFilmShare: options.unknownFilms ?? CONTENT_DEFAULTS.unknownFilmShare,
    reRatingShare: options.reRatings ?? CONTENT_DEFAULTS.reRatingShare,
    reRatingWindow: options.reRatingWindow ?? CONTENT_DEFAULTS.reRatingWindow,
    watchShare: options.watches ?? CONTENT_DEFAULTS.watchShare,
    referAfter: options.referAfter ?? CONTENT_DEFAULTS.referAfter,
  });
}

/** True when some events are about earlier ones: newcomers have further events, or something is rated again. */
export function looksBack({ newUsers = 0, newFilms = 0, reRatings = 0 }: ContentOptions): boolean {
  return newUsers > 0 || newFilms > 0 || reRatings > 0;
}

function defaultDistribution(simulation: MoviesMatchSimulation | null): string {
  if (simulation?.distributionFile) return simulation.distributionFile;
  return simulation && existsSync(DEFAULT_FILE) ? DEFAULT_FILE : SHIPPED_DISTRIBUTION;
}

function newUsersFrom(
  options: ContentOptions,
  simulation: MoviesMatchSimulation | null,
): ContentModel['newUsers'] {
  const { newUsers, newUsersFrom: firstId, newUserRange, newUserProbability } = options;
  const swapped = options.legacySwappedRanges === true;
  const arrivals = newUsers !== undefined || firstId !== undefined;
  const range = newUserRange !== undefined || newUserProbability !== undefined || swapped;
  if (arrivals && range) {
    throw new ReelstreamError(
      'usage',
      'new users either arrive (--new-users, --new-users-from) or come from a range (--new-user-range, --new-user-probability, --legacy-swapped-ranges)',
    );
  }
  if (range || (simulation && !arrivals)) {
    const base = simulation?.newUsers ?? NEW_USER_RANGE;
    return { ...base, ...newUserRange, probability: newUserProbability ?? base.probability, swapped };
  }
  const defaults = CONTENT_DEFAULTS.newUsers;
  return {
    share: newUsers ?? defaults.share,
    firstId: firstId ?? defaults.firstId,
    followUps: options.followUps ?? defaults.followUps,
  };
}

function parseIdRange(name: string): (text: string) => IdRange {
  return (text) => {
    const [, first, last] = /^(\d{1,10})-(\d{1,10})$/.exec(text) ?? [];
    const range = { firstId: Number(first), lastId: Number(last) };
    if (range.firstId >= 1 && range.firstId <= range.lastId && range.lastId <= MAX_ID) return range;
    throw new ReelstreamError('usage', `${name}: "${text}" is no range of ids; write for example 1-610`);
  };
}

function parseShare(name: string): (text: string) => number {
  return (text) => {
    const share = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (share >= 0 && share <= 1) return share;
    throw new ReelstreamError('usage', `${name}: "${text}" is no share from 0 to 1`);
  };
}

function parseActivity(text: string): number {
  const exponent = parseExponent(text, CONTENT_DEFAULTS.activityExponent);
  if (exponent !== null && exponent < 1) return exponent;
  throw new ReelstreamError(
    'usage',
    `--activity: "${text}" is none of uniform, zipf or zipf:<exponent from 0 to below 1>`,
  );
}
