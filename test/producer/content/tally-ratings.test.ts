import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatCounts } from '../../../producer/content/counts-file.ts';
import { formatDistribution } from '../../../producer/content/distribution-file.ts';
import { tallyRatings } from '../../../producer/content/tally-ratings.ts';
import { projectRoot } from '../../../runtime/environment.ts';
import { sample, shippedCounts, shippedDistribution } from './fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'reelstream-tally-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const movielens = join(projectRoot, 'data', 'ml-latest-small');

describe('a tally of ratings', () => {
  it('gives the shipped files to the byte', async () => {
    const { films, counts } = await tallyRatings(join(movielens, 'ratings.csv'));
    // compared here: showing how files of this size differ takes longer than all other tests
    expect(formatDistribution(films) === readFileSync(shippedDistribution, 'utf8')).toBe(true);
    expect(formatCounts(films.movieIds, counts) === readFileSync(shippedCounts, 'utf8')).toBe(true);
  });

  it('gives the same bytes for the same ratings in another order', async () => {
    const rows = ['2,9,4.0,5', '1,9,3.5,6', '1,4,0.5,7', '3,9,4.0,8'];
    const bytes = await Promise.all(
      [rows, rows.toReversed()].map(async (order, i) => {
        const path = join(folder, `ratings-${i}.csv`);
        writeFileSync(path, ['userId,movieId,rating,timestamp', ...order, ''].join('\n'));
        return formatDistribution((await tallyRatings(path)).films);
      }),
    );
    expect(bytes[0]).toBe('index,movieId,rating,prob\n0,4,0.5,1\n1,9,3.5,0.333333333\n2,9,4.0,0.666666667\n');
    expect(bytes[1]).toBe(bytes[0]);
  });

  it('refuses a rating of 0, which the format cannot hold', async () => {
    const path = join(folder, 'zero.csv');
    writeFileSync(path, 'userId,movieId,rating,timestamp\n1,9,0.0,5\n');
    await expect(tallyRatings(path)).rejects.toThrow(/film 9 is rated 0/);
  });
});

describe('the shipped distribution', () => {
  it('has only films of the catalogue', () => {
    const catalogue = new Set(
      readFileSync(join(movielens, 'movies.csv'), 'utf8')
        .split('\n')
        .slice(1)
        .map((line) => Number(line.split(',')[0])),
    );
    expect(sample.films.movieIds).toHaveLength(9_724);
    expect([...sample.films.movieIds].filter((id) => !catalogue.has(id))).toEqual([]);
  });
});
