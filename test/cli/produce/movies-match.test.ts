import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { simulationFromMoviesMatch } from '../../../cli/produce/movies-match.ts';
import { readEnvironment } from '../../../runtime/environment.ts';
import { SETTINGS } from '../../../runtime/settings-list.ts';

const folder = mkdtempSync(join(tmpdir(), 'reelstream-movies-match-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names and defaults as the original documents them. */
const DOCUMENTED: Readonly<Record<string, string>> = {
  MOVIES_MATCH_LOG_LEVEL: 'INFO',
  MOVIES_MATCH_GENERATE_INTERVAL_SEC: '60.0',
  MOVIES_MATCH_GENERATE_INTERVAL_JITTER_SEC: '0',
  MOVIES_MATCH_RECORDS_TO_GENERATE: '1',
  MOVIES_MATCH_RECORDS_TO_GENERATE_JITTER: '0',
  MOVIES_MATCH_EXISTING_USERS_FIRST_ID: '1',
  MOVIES_MATCH_EXISTING_USERS_LAST_ID: '270896',
  MOVIES_MATCH_NEW_USERS_FIRST_ID: '300001',
  MOVIES_MATCH_NEW_USERS_LAST_ID: '300300',
  MOVIES_MATCH_NEW_USER_RATING_PROB: '0.5',
  MOVIES_MATCH_MOVIES_RATINGS_DISTRIBUTION_FILE: 'movies_ratings_distribution.csv',
  MOVIES_MATCH_RANDOM_SEED: '0',
};

const defaults = {
  batch: { records: 1, recordsJitter: 0, intervalMs: 60_000, intervalJitterMs: 0 },
  users: { firstId: 1, lastId: 270_896 },
  newUsers: { firstId: 300_001, lastId: 300_300, probability: 0.5 },
  distributionFile: null,
  seed: null,
  logLevel: null,
};

describe('the variables of MoviesMatchDataGenerator', () => {
  it('are these twelve, with these defaults', () => {
    const found = Object.entries(SETTINGS)
      .filter(([name]) => name.startsWith('MOVIES_MATCH_'))
      .map(([name, { default: fallback }]) => [name, fallback]);
    expect(Object.fromEntries(found)).toEqual(DOCUMENTED);
  });

  it('ask for nothing when none is set', () => {
    expect(simulationFromMoviesMatch({})).toBeNull();
    expect(simulationFromMoviesMatch({ MOVIES_MATCH_RANDOM_SEED: '', MOVIES_MATCH_OTHER: 'x' })).toBeNull();
  });

  it('have the documented defaults as soon as one is set', () => {
    expect(simulationFromMoviesMatch({ MOVIES_MATCH_RECORDS_TO_GENERATE: '1' })).toEqual(defaults);
    expect(simulationFromMoviesMatch({ MOVIES_MATCH_RANDOM_SEED: '0' })).toEqual(defaults);
  });

  it.each<[string, string, object]>([
    ['MOVIES_MATCH_LOG_LEVEL', 'WARNING', { logLevel: 'warn' }],
    ['MOVIES_MATCH_GENERATE_INTERVAL_SEC', '0.25', { batch: { ...defaults.batch, intervalMs: 250 } }],
    [
      'MOVIES_MATCH_GENERATE_INTERVAL_JITTER_SEC',
      '2.5',
      { batch: { ...defaults.batch, intervalJitterMs: 2_500 } },
    ],
    ['MOVIES_MATCH_RECORDS_TO_GENERATE', '250', { batch: { ...defaults.batch, records: 250 } }],
    ['MOVIES_MATCH_RECORDS_TO_GENERATE_JITTER', '140', { batch: { ...defaults.batch, recordsJitter: 140 } }],
    ['MOVIES_MATCH_EXISTING_USERS_FIRST_ID', '7', { users: { firstId: 7, lastId: 270_896 } }],
    ['MOVIES_MATCH_EXISTING_USERS_LAST_ID', '9', { users: { firstId: 1, lastId: 9 } }],
    ['MOVIES_MATCH_NEW_USERS_FIRST_ID', '300002', { newUsers: { ...defaults.newUsers, firstId: 300_002 } }],
    ['MOVIES_MATCH_NEW_USERS_LAST_ID', '400000', { newUsers: { ...defaults.newUsers, lastId: 400_000 } }],
    ['MOVIES_MATCH_NEW_USER_RATING_PROB', '1', { newUsers: { ...defaults.newUsers, probability: 1 } }],
    ['MOVIES_MATCH_MOVIES_RATINGS_DISTRIBUTION_FILE', 'mine.csv', { distributionFile: 'mine.csv' }],
    ['MOVIES_MATCH_RANDOM_SEED', '42', { seed: 42 }],
  ])('%s=%s changes one thing', (name, value, change) => {
    expect(simulationFromMoviesMatch({ [name]: value })).toEqual({ ...defaults, ...change });
  });

  it.each([
    ['MOVIES_MATCH_LOG_LEVEL', 'loud', /expected one of "DEBUG"\|"INFO"/],
    ['MOVIES_MATCH_GENERATE_INTERVAL_SEC', 'a minute', /must be a number \(is "a minute"\)/],
    ['MOVIES_MATCH_GENERATE_INTERVAL_JITTER_SEC', '-1', /must be from 0 to 86400 \(is "-1"\)/],
    ['MOVIES_MATCH_RECORDS_TO_GENERATE', '0', /must be from 1 to 10000000 \(is "0"\)/],
    ['MOVIES_MATCH_RECORDS_TO_GENERATE_JITTER', '1.5', /must be a whole number \(is "1\.5"\)/],
    ['MOVIES_MATCH_EXISTING_USERS_FIRST_ID', '0', /must be from 1 to 2147483647/],
    ['MOVIES_MATCH_NEW_USER_RATING_PROB', '1.01', /must be from 0 to 1 \(is "1\.01"\)/],
    ['MOVIES_MATCH_RANDOM_SEED', 'x', /must be a whole number/],
  ])('%s=%s is refused by name, with what is allowed', (name, value, message) => {
    const read = () => simulationFromMoviesMatch({ [name]: value });
    expect(read).toThrow(message);
    expect(read).toThrow(new RegExp(`${name}: `));
  });

  it('are found in an .env file, also as the original’s example has it, with CRLF', () => {
    // other projects of the same test run switch the file off for the processes they start
    vi.stubEnv('REELSTREAM_ENV_FILE', '');
    const lines = [
      'export MOVIES_MATCH_RECORDS_TO_GENERATE=250',
      'MOVIES_MATCH_RECORDS_TO_GENERATE_JITTER=140',
    ];
    writeFileSync(join(folder, '.env'), lines.join('\r\n'));
    expect(simulationFromMoviesMatch(readEnvironment(folder))).toEqual({
      ...defaults,
      batch: { ...defaults.batch, records: 250, recordsJitter: 140 },
    });
    vi.unstubAllEnvs();
  });
});
