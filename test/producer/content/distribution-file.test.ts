import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { formatDistribution, readDistribution } from '../../../producer/content/distribution-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'reelstream-distribution-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'distribution.csv');

function read(text: string) {
  writeFileSync(path, text);
  return readDistribution(path);
}

const HEADER = 'index,movieId,rating,prob';
const film16 = [
  '150,16,0.5,0.0033630647755519814',
  '151,16,1.0,0.012867378271677147',
  '152,16,1.5,0.004484086367402642',
  '153,16,2.0,0.037578593361602575',
  '154,16,2.5,0.02349271335965297',
  '155,16,3.0,0.20422088999366378',
  '156,16,3.5,0.09772383876785105',
  '157,16,4.0,0.34498220987473804',
  '158,16,4.5,0.10142808402787933',
  '159,16,5.0,0.1698591411999805',
];

describe('the distribution file', () => {
  it('is read as MoviesMatchDataGenerator documents it, also with the header a data frame writes', async () => {
    const { movieIds, probabilities } = await read([HEADER, ...film16].join('\n'));
    expect([...movieIds]).toEqual([16]);
    expect(probabilities).toHaveLength(10);
    expect(probabilities[7]).toBeCloseTo(0.34498220987473804, 12);
    expect(await read([',movieId,rating,prob', ...film16].join('\n'))).toEqual({ movieIds, probabilities });
  });

  it('may have CRLF, a byte order mark, empty lines at the end, exponents, and films in any order', async () => {
    const rows = ['2,9,5.0,.5', '0,4,3,1.0', '1,9,0.5,5e-1'];
    const { movieIds, probabilities } = await read(`\ufeff${[HEADER, ...rows].join('\r\n')}\r\n\r\n`);
    expect([...movieIds]).toEqual([4, 9]);
    expect([...probabilities]).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0.5]);
  });

  it('has sums put right that are off by at most a millionth', async () => {
    const { probabilities } = await read(`${HEADER}\n0,1,3.0,0.4999995\n1,1,4.0,0.4999995`);
    expect([...probabilities].filter((p) => p > 0)).toEqual([0.5, 0.5]);
  });

  it.each([
    [
      'a sum off by more, with the film and its first line',
      ['0,7,1.0,1', '1,8,3.0,0.5', '2,8,4.0,0.499998'],
      /distribution\.csv:3: film 8: its probabilities add up to 0\.999998 instead of 1/,
    ],
    ['a sum above 1', ['0,8,3.0,0.6', '1,8,4.0,0.6'], /:2: film 8: its probabilities add up to 1\.2/],
    [
      'a rating given twice, with both lines',
      ['0,8,3.0,0.5', '1,9,1.0,1', '2,8,3,0.5'],
      /:4: film 8: rating 3\.0 stands twice, first on line 2/,
    ],
    ['a rating of 0', ['0,8,0.0,1'], /:2: film 8: "0\.0" is no rating from 0\.5 to 5\.0/],
    ['a rating above 5', ['0,8,5.5,1'], /"5\.5" is no rating/],
    ['a rating between the steps', ['0,8,3.2,1'], /"3\.2" is no rating/],
    ['a film id of 0', ['0,0,3.0,1'], /"0" is no movieId; it must be a whole number from 1 to 2147483647/],
    ['a film id beyond 32 bits', ['0,2147483648,3.0,1'], /"2147483648" is no movieId/],
    ['a film id with a fraction', ['0,8.5,3.0,1'], /"8\.5" is no movieId/],
    ['a negative probability', ['0,8,3.0,-0.5'], /"-0\.5" is no probability/],
    ['a probability above 1', ['0,8,3.0,1.5'], /"1\.5" is no probability/],
    ['a word for a number', ['0,8,3.0,nan'], /"nan" is no probability/],
    ['a column too few', ['0,8,3.0'], /:2: 3 columns instead of 4/],
    ['a word for an index', ['x,8,3.0,1'], /"x" is no index/],
    ['no films', [], /there are no films/],
  ])('is refused for %s', async (_, rows, message) => {
    await expect(read([HEADER, ...rows].join('\n'))).rejects.toThrow(message);
    await expect(read([HEADER, ...rows].join('\n'))).rejects.toMatchObject({ code: 'bad_data' });
  });

  it('is refused with another header, and as wrong use when it is not there', async () => {
    await expect(read('movieId,rating,prob\n1,3.0,1')).rejects.toThrow(/:1: the first line must be index,/);
    await expect(readDistribution(join(folder, 'missing.csv'))).rejects.toMatchObject({ code: 'usage' });
  });

  it('comes back from what is written, to eight digits and more', async () => {
    const counts = fc.array(fc.nat(500), { minLength: 10, maxLength: 10 });
    const films = fc
      .dictionary(fc.integer({ min: 1, max: 2 ** 31 - 1 }).map(String), counts, { minKeys: 1, maxKeys: 8 })
      .map((made) => Object.entries(made).filter(([, steps]) => steps.some((times) => times > 0)))
      .filter((made) => made.length > 0);
    await fc.assert(
      fc.asyncProperty(films, async (made) => {
        const sorted = made.map(([id, steps]) => [Number(id), steps] as const).sort((a, b) => a[0] - b[0]);
        const given = {
          movieIds: Int32Array.from(sorted, ([id]) => id),
          probabilities: Float64Array.from(
            sorted.flatMap(([, steps]) => steps.map((times) => times / steps.reduce((a, b) => a + b))),
          ),
        };
        const found = await read(formatDistribution(given));
        expect(found.movieIds).toEqual(given.movieIds);
        for (const [i, p] of found.probabilities.entries()) expect(p).toBeCloseTo(given.probabilities[i]!, 8);
      }),
      { numRuns: 50 },
    );
  });
});
