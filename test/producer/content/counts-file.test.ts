import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatCounts, readCounts } from '../../../producer/content/counts-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'reelstream-counts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'counts.csv');

function read(rows: readonly string[], movieIds = [3, 5]) {
  writeFileSync(path, ['movieId,ratings', ...rows].join('\n'));
  return readCounts(path, Int32Array.from(movieIds));
}

describe('the counts file', () => {
  it('gives counts in the order of the films asked for and passes over others', async () => {
    expect([...(await read(['5,70', '4,1', '3,20']))]).toEqual([20, 70]);
  });

  it('comes back from what is written', async () => {
    const movieIds = Int32Array.of(3, 5, 8);
    const counts = Float64Array.of(0, 12, 400_000);
    writeFileSync(path, formatCounts(movieIds, counts));
    expect(await readCounts(path, movieIds)).toEqual(counts);
  });

  it.each([
    ['a film without a count', ['3,20'], /film 5 of the distribution has no count/],
    ['a film twice', ['3,20', '5,1', '3,2'], /:4: film 3 stands twice, first on line 2/],
    ['a count with a fraction', ['3,2.5', '5,1'], /:2: film 3: "2\.5" is no whole number/],
    ['counts of 0 alone', ['3,0', '5,0'], /every count is 0/],
  ])('is refused for %s', async (_, rows, message) => {
    await expect(read(rows)).rejects.toThrow(message);
  });
});
