import type { IdRange } from '../../producer/content/user-population.ts';
import { type Environment, readSettings, type Settings } from '../../runtime/settings.ts';

/** What the variables of MoviesMatchDataGenerator ask for, in the words of this program. */
export interface MoviesMatchSimulation {
  /** `records` ± `recordsJitter` ratings at once, every `intervalMs` ± `intervalJitterMs` */
  readonly batch: {
    readonly records: number;
    readonly recordsJitter: number;
    readonly intervalMs: number;
    readonly intervalJitterMs: number;
  };
  readonly users: IdRange;
  readonly newUsers: IdRange & { readonly probability: number };
  /** null: not named, so the file of that program's default name if there is one, else the one that ships */
  readonly distributionFile: string | null;
  /** null: another one each time */
  readonly seed: number | null;
  /** null: not named */
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | null;
}

const PREFIX = 'MOVIES_MATCH_';

const LOG_LEVELS: Readonly<
  Record<Settings['MOVIES_MATCH_LOG_LEVEL'], NonNullable<MoviesMatchSimulation['logLevel']>>
> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  WARN: 'warn',
  ERROR: 'error',
  CRITICAL: 'error',
  FATAL: 'error',
};

/**
 * The simulation that program would run in this environment; null when none of its variables is set.
 * @throws ReelstreamError `settings` naming every value that is out of its range
 */
export function simulationFromMoviesMatch(environment: Environment): MoviesMatchSimulation | null {
  const settings = readSettings(environment);
  const isSet = (name: keyof Settings) => (environment[name] ?? '') !== '';
  const names = Object.keys(settings) as (keyof Settings)[];
  if (!names.some((name) => name.startsWith(PREFIX) && isSet(name))) return null;
  return {
    batch: {
      records: settings.MOVIES_MATCH_RECORDS_TO_GENERATE,
      recordsJitter: settings.MOVIES_MATCH_RECORDS_TO_GENERATE_JITTER,
      intervalMs: settings.MOVIES_MATCH_GENERATE_INTERVAL_SEC * 1_000,
      intervalJitterMs: settings.MOVIES_MATCH_GENERATE_INTERVAL_JITTER_SEC * 1_000,
    },
    users: {
      firstId: settings.MOVIES_MATCH_EXISTING_USERS_FIRST_ID,
      lastId: settings.MOVIES_MATCH_EXISTING_USERS_LAST_ID,
    },
    newUsers: {
      firstId: settings.MOVIES_MATCH_NEW_USERS_FIRST_ID,
      lastId: settings.MOVIES_MATCH_NEW_USERS_LAST_ID,
      probability: settings.MOVIES_MATCH_NEW_USER_RATING_PROB,
    },
    distributionFile: isSet('MOVIES_MATCH_MOVIES_RATINGS_DISTRIBUTION_FILE')
      ? settings.MOVIES_MATCH_MOVIES_RATINGS_DISTRIBUTION_FILE
      : null,
    seed: settings.MOVIES_MATCH_RANDOM_SEED || null,
    logLevel: isSet('MOVIES_MATCH_LOG_LEVEL') ? LOG_LEVELS[settings.MOVIES_MATCH_LOG_LEVEL] : null,
  };
}
