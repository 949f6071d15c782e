import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import {
  addContentOptions,
  type ContentOptions,
  contentModelFrom,
} from '../../../cli/produce/content-options.ts';
import { simulationFromMoviesMatch } from '../../../cli/produce/movies-match.ts';
import { CONTENT_DEFAULTS } from '../../../producer/content/content-model.ts';
import { sample as fixture, shippedDistribution } from '../../producer/content/fixture.ts';

const sample = { ...fixture, referAfter: CONTENT_DEFAULTS.referAfter };
const folder = mkdtempSync(join(tmpdir(), 'reelstream-content-options-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function parse(args: readonly string[]): ContentOptions {
  const command = addContentOptions(new Command('produce')).exitOverride();
  return command.parse(args, { from: 'user' }).opts();
}

const model = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  contentModelFrom(parse(args), simulationFromMoviesMatch(environment), 0);

const compatible = { MOVIES_MATCH_NEW_USER_RATING_PROB: '0.3' };

describe('content options', () => {
  it('left out give the films and habits of MovieLens', async () => {
    expect(await model([])).toEqual(sample);
  });

  it.each<[string, string, object]>([
    ['--popularity', 'zipf:0.9', { popularity: { by: 'zipf', exponent: 0.9 } }],
    ['--users', '5-70000', { users: { firstId: 5, lastId: 70_000 } }],
    ['--activity', 'uniform', { activityExponent: 0 }],
    ['--activity', 'zipf:0.5', { activityExponent: 0.5 }],
    ['--new-users', '0.002', { newUsers: { ...CONTENT_DEFAULTS.newUsers, share: 0.002 } }],
    ['--new-users-from', '5000', { newUsers: { ...CONTENT_DEFAULTS.newUsers, firstId: 5_000 } }],
    ['--new-films', '.001', { newFilms: { ...CONTENT_DEFAULTS.newFilms, share: 0.001 } }],
    ['--new-films-from', '500000', { newFilms: { ...CONTENT_DEFAULTS.newFilms, firstId: 500_000 } }],
    [
      '--follow-ups',
      '4',
      {
        newUsers: { ...CONTENT_DEFAULTS.newUsers, followUps: 4 },
        newFilms: { ...CONTENT_DEFAULTS.newFilms, followUps: 4 },
      },
    ],
    [
      '--new-user-range',
      '900-950',
      { newUsers: { firstId: 900, lastId: 950, probability: 0.5, swapped: false } },
    ],
    [
      '--new-user-probability',
      '0.3',
      { newUsers: { firstId: 300_001, lastId: 300_300, probability: 0.3, swapped: false } },
    ],
    ['--unknown-films', '0.01', { unknownFilmShare: 0.01 }],
    ['--re-ratings', '0.05', { reRatingShare: 0.05 }],
    ['--re-rating-window', '500', { reRatingWindow: 500 }],
    ['--refer-after', '300', { referAfter: 300 }],
    ['--watches', '0.25', { watchShare: 0.25 }],
  ])('%s %s changes the model by that', async (option, value, change) => {
    expect(await model([option, value])).toEqual({ ...sample, ...change });
  });

  it('--legacy-swapped-ranges swaps them', async () => {
    expect((await model(['--legacy-swapped-ranges'])).newUsers).toMatchObject({ swapped: true });
    expect((await model(['--legacy-swapped-ranges'], compatible)).newUsers).toMatchObject({
      probability: 0.3,
      swapped: true,
    });
  });

  it('--distribution has its own counts, or goes by zipf', async () => {
    const distribution = join(folder, 'distribution.csv');
    const counts = join(folder, 'counts.csv');
    writeFileSync(distribution, 'index,movieId,rating,prob\n0,5,3.0,1\n');
    writeFileSync(counts, 'movieId,ratings\n5,17\n');
    expect(await model(['--distribution', distribution])).toMatchObject({
      counts: null,
      popularity: { by: 'zipf', exponent: 0.5 },
    });
    expect(await model(['--distribution', distribution, '--counts', counts])).toMatchObject({
      counts: Float64Array.of(17),
      popularity: { by: 'counts' },
    });
    expect(await model(['--distribution', shippedDistribution])).toEqual(sample);
  });

  it.each([
    [['--users', '9-8'], /--users: "9-8" is no range of ids/],
    [['--new-users', '1.5'], /--new-users: "1\.5" is no share from 0 to 1/],
    [['--watches', 'x'], /--watches: "x" is no share/],
    [['--activity', 'zipf:1'], /--activity: "zipf:1" is none of/],
    [['--follow-ups', '-1'], /--follow-ups/],
  ])('%s is refused', (args, message) => {
    expect(() => parse(args)).toThrow(message);
  });

  it('do not let new users come both ways', () => {
    expect(() => model(['--new-users', '0.1', '--new-user-range', '900-950'])).toThrow(/either arrive/);
  });
});

describe('with variables of MoviesMatchDataGenerator', () => {
  it('content is as there: everybody and everything alike, new users by range', async () => {
    expect(await model([], compatible)).toEqual({
      ...sample,
      popularity: { by: 'zipf', exponent: 0 },
      users: { firstId: 1, lastId: 270_896 },
      activityExponent: 0,
      newUsers: { firstId: 300_001, lastId: 300_300, probability: 0.3, swapped: false },
    });
  });

  it('options win', async () => {
    const args = [
      '--popularity',
      'counts',
      '--users',
      '1-10',
      '--new-users',
      '0.01',
      '--new-users-from',
      '11',
    ];
    expect(await model(args, compatible)).toMatchObject({
      popularity: { by: 'counts' },
      users: { firstId: 1, lastId: 10 },
      newUsers: { share: 0.01, firstId: 11 },
    });
  });

  it('a distribution that is named must be there', async () => {
    const environment = { MOVIES_MATCH_MOVIES_RATINGS_DISTRIBUTION_FILE: '/nowhere/mine.csv' };
    await expect(model([], environment)).rejects.toThrow(/\/nowhere\/mine\.csv cannot be read/);
  });
});
