import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createReplaySource } from '../../producer/event-source.ts';
import { readRatingsFile } from '../../producer/ratings-file.ts';
import { projectRoot } from '../../runtime/environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'reelstream-ratings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEADER = 'userId,movieId,rating,timestamp';
const SAMPLE = join(projectRoot, 'data/ml-latest-small/ratings.csv');

function read(text: string) {
  const path = join(folder, 'ratings.csv');
  writeFileSync(path, text);
  return readRatingsFile(path);
}

describe('readRatingsFile', () => {
  it('sorts by time, user and film whatever the order of the file', async () => {
    const rows = ['9,1,0.5,20', '1,7,5.0,20', '1,3,4,20', '2,2,3.5,10'];
    const a = await read([HEADER, ...rows].join('\n'));
    const b = await read(`\ufeff${[HEADER, ...rows.toReversed()].join('\r\n')}\r\n`);
    expect(b.table).toEqual(a.table);
    expect([...a.table.seconds]).toEqual([10, 20, 20, 20]);
    expect([...a.table.userIds]).toEqual([2, 1, 1, 9]);
    expect([...a.table.movieIds]).toEqual([2, 3, 7, 1]);
    expect([...a.table.halfStars]).toEqual([7, 8, 10, 1]);
  });

  it.each([
    '1,1,5.5,10',
    '1,1,3.7,10',
    '1,1,,10',
    '0,1,3,10',
    '1,2147483648,3,10',
    '1,1,3,4294967296',
    '1,1,3',
    'x',
  ])('refuses a file with the row %s and names its line', async (row) => {
    const refused = read(`${HEADER}\n1,1,3,10\n${row}\n`);
    await expect(refused).rejects.toMatchObject({
      code: 'bad_data',
      message: expect.stringContaining(':3 '),
    });
  });

  it('refuses other files, empty ones and absent ones', async () => {
    await expect(read('movieId,title\n')).rejects.toMatchObject({ code: 'bad_data' });
    await expect(read(`${HEADER}\n`)).rejects.toMatchObject({ code: 'bad_data' });
    await expect(readRatingsFile(join(folder, 'absent.csv'))).rejects.toMatchObject({ code: 'usage' });
  });

  it('reads a file larger than its buffers', async () => {
    const rows = Array.from({ length: 70_000 }, (_, i) => `${(i % 600) + 1},${i + 1},3.5,${i}`);
    const { table } = await read([HEADER, ...rows].join('\n'));
    expect(table.length).toBe(70_000);
    expect(table.movieIds.at(-1)).toBe(70_000);
  });
});

describe('the sample', () => {
  it('replays every rating of the file in time order, with its own event time', async () => {
    const { table, hash } = await readRatingsFile(SAMPLE);
    expect(hash).toBe('e21ad9f97dc3c2a1b49bdb14611a120333e92c4bd09fdaf9854b398155b4b14b');
    const replay = createReplaySource(table);
    expect(replay.length).toBe(100_836);
    const events = Array.from({ length: replay.length }, (_, n) => replay.content(n, 0));
    const asRow = ({ userId, movieId, rating, tsMs }: (typeof events)[number]) =>
      `${userId},${movieId},${rating!.toFixed(1)},${tsMs / 1_000}`;
    const rows = readFileSync(SAMPLE, 'utf8').trimEnd().split(/\s*\n/).slice(1);
    expect(events.map(asRow).sort()).toEqual(rows.sort());
    expect(events.every((event, n) => n === 0 || event.tsMs >= events[n - 1]!.tsMs)).toBe(true);
    expect(new Date(events[0]!.tsMs).toISOString().slice(0, 10)).toBe('1996-03-29');
    expect(events.every(({ kind, source }) => kind === 'RATED' && source === 'replay')).toBe(true);
  });
});
