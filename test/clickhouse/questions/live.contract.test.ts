import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainEmpty } from '../../../cli/ask/why-empty.ts';
import { type ClickHouse, connectClickHouse } from '../../../clickhouse/connection.ts';
import { parseQuestion, type Question } from '../../../clickhouse/questions.ts';
import { type AnswerRow, askQuestion } from '../../../clickhouse/questions-answer.ts';
import { type BoundValue, bindParameter } from '../../../clickhouse/questions-bind.ts';
import { projectRoot } from '../../../runtime/environment.ts';
import { openTables, type TestTables } from '../fixture.ts';
import { loadSample } from './fixture.ts';
import {
  type By,
  companyName,
  countRatings,
  FALLING,
  FILM_LIST,
  fillStream,
  filmTitle,
  foldRatings,
  genreName,
  HOUR_MS,
  insertSteadyStream,
  MINUTE_MS,
  NOON_MS,
  RATINGS,
  RISING,
  STEADY_FILMS,
} from './live-stream.ts';

/** Each figure is worked out again by a plain loop over the records, or by what defines it. */
let tables: TestTables;
let stream: ClickHouse;
let sample: ClickHouse;

beforeAll(async () => {
  tables = await openTables();
  stream = tables.clickhouse;
  sample = connectClickHouse({ url: tables.url, database: `live_sample_${process.pid}` });
  await Promise.all([fillStream(stream), loadSample(sample)]);
}, 60_000);
afterAll(async () => {
  await sample?.close();
  await tables?.stop();
});

const AS_OF = '2026-03-02T12:34:00';
const END_MS = NOON_MS + HOUR_MS;

async function ask(
  clickhouse: ClickHouse,
  name: string,
  given: Readonly<Record<string, string>> = {},
  ids: Readonly<Record<string, readonly number[]>> = {},
): Promise<readonly AnswerRow[]> {
  const question = load(name);
  return (await askQuestion(clickhouse, question, bind(question, given, ids))).rows;
}

const load = (name: string) =>
  parseQuestion(name, readFileSync(join(projectRoot, 'clickhouse/questions', `${name}.sql`), 'utf8'));

function bind(
  question: Question,
  given: Readonly<Record<string, string>>,
  ids: Readonly<Record<string, readonly number[]>> = {},
): Readonly<Record<string, BoundValue>> {
  const values = question.parameters.map((parameter) => {
    const context = { nowMs: Date.parse(`${AS_OF}Z`), ids: ids[parameter.name] ?? [] };
    return [
      parameter.name,
      bindParameter(parameter, given[parameter.name] ?? parameter.defaultText!, context),
    ];
  });
  return Object.fromEntries(values);
}

const close = (value: unknown, expected: number) => expect(Number(value)).toBeCloseTo(expected, 9);

describe.each<[By, number, number, (id: number) => string]>([
  ['movie', HOUR_MS, 2 * HOUR_MS, filmTitle],
  ['company', HOUR_MS, HOUR_MS, companyName],
  ['genre', MINUTE_MS, 90 * MINUTE_MS, genreName],
])('trending by %s', (by, bucketMs, windowMs, nameOf) => {
  const lastBucketMs = Math.floor(Date.parse(`${AS_OF}Z`) / bucketMs) * bucketMs;
  const startMs = lastBucketMs - windowMs;
  const now = foldRatings(by, startMs, lastBucketMs + bucketMs);
  const before = foldRatings(by, startMs - windowMs, startMs);
  const total = countRatings(startMs, lastBucketMs + bucketMs);
  const totalBefore = countRatings(startMs - windowMs, startMs);
  const given = { by, window: `${windowMs / MINUTE_MS}m`, min_n: '1', min_z: '1', direction: 'both' };

  it('gives the counts, means and users of both windows', async () => {
    const rows = await ask(stream, 'trending', given);
    expect(rows.length).toBeGreaterThan(2);
    for (const row of rows) {
      const id = Number(row.id);
      const [is, was] = [now.get(id), before.get(id)];
      expect([row.name, row.n, row.n_before, row.users]).toEqual([
        nameOf(id),
        is?.n ?? 0,
        was?.n ?? 0,
        is?.users ?? 0,
      ]);
      close(row.average, is!.average);
      close(row.average_before, was!.average);
      close(row.growth, is!.n / total / (was!.n / totalBefore));
      expect([row.all_n, row.all_n_before]).toEqual([total, totalBefore]);
      expect(row.this_from).toBe(new Date(startMs).toISOString().slice(0, 19).replace('T', ' '));
    }
  });

  /** The ends of a score interval are the odds at which what was seen lies exactly z standard errors away. */
  it('draws the interval where the score test says so, and shows exactly what lies beside 1', async () => {
    const z = 1;
    const rows = await ask(stream, 'trending', given);
    const shown = new Set(rows.map(({ id }) => Number(id)));
    for (const row of rows) {
      const all = Number(row.n) + Number(row.n_before);
      for (const end of [row.growth_low, row.growth_high]) {
        const odds = (Number(end) * total) / totalBefore;
        const share = odds / (1 + odds);
        close(((Number(row.n) - all * share) / Math.sqrt(all * share * (1 - share))) ** 2, z * z);
      }
    }
    const withoutTrend = total / (total + totalBefore);
    for (const id of new Set([...now.keys(), ...before.keys()])) {
      const n = now.get(id)?.n ?? 0;
      const all = n + (before.get(id)?.n ?? 0);
      const score = (n - all * withoutTrend) / Math.sqrt(all * withoutTrend * (1 - withoutTrend));
      expect([id, shown.has(id)]).toEqual([id, Math.abs(score) > z]);
    }
  });
});

describe('trending', () => {
  it('shows what rose on top, and what fell when asked for it', async () => {
    const [up, ...moreUp] = await ask(stream, 'trending');
    expect([up?.id, moreUp]).toEqual([RISING, []]);
    const [down, ...moreDown] = await ask(stream, 'trending', { direction: 'down' });
    expect([down?.id, moreDown]).toEqual([FALLING, []]);
    expect(await ask(stream, 'trending', { min_n: '100000' })).toEqual([]);
  });

  it('says what it compares and from when on it can answer, where nothing came in the window before', async () => {
    const question = load('trending');
    const reason = (as_of: string) =>
      explainEmpty(stream, question, bind(question, { as_of }), { readonly: 1 });
    const said = await reason('2026-03-02T09:30:00');
    expect(said).toContain('2026-03-02 07:00 to 2026-03-02 08:00, and nothing came then');
    expect(said).toContain('--by movie can answer from 2026-03-02 10:00 on');
    const loose = { min_n: '1', min_z: '1' };
    expect(await ask(stream, 'trending', { as_of: '2026-03-02T09:59:59', ...loose })).toEqual([]);
    expect(await ask(stream, 'trending', { as_of: '2026-03-02T10:00:00', ...loose })).not.toEqual([]);
    expect(await reason('2026-03-01T09:30:00')).not.toContain('can answer from');
  });

  it('ranks what is new by how surely it is, and leaves the ratio without ratings before empty', async () => {
    await insertSteadyStream(stream);
    const rows = await ask(stream, 'trending', { as_of: '2026-03-01T10:30:00', window: '1h', min_n: '1' });
    expect(rows).toEqual([]);
    const [first] = await ask(stream, 'trending', {
      as_of: '2026-03-02T08:30:00',
      window: '21h',
      min_z: '1',
      min_n: '1',
    });
    expect(first).toMatchObject({ n_before: 0, growth: null, growth_high: null, average_before: null });
    const n = Number(first?.n);
    close(first?.growth_low, (n / Number(first?.all_n)) * Number(first?.all_n_before));
  });

  it('finds next to nothing where chance alone is at work', async () => {
    const given = { as_of: '2026-03-01T12:00:00', direction: 'both', top: '1000' };
    const at = async (z: string) => (await ask(stream, 'trending', { ...given, min_z: z })).length;
    // two-sided normal tails: 0.27 % at 3 standard errors, 4.6 % at 2; twice of each allowed
    expect(await at('3')).toBeLessThan(STEADY_FILMS * 0.0027 * 2);
    const two = await at('2');
    expect([two > STEADY_FILMS * 0.02, two < STEADY_FILMS * 0.092]).toEqual([true, true]);
  });
});

describe.each<[string, By, number, (id: number) => string]>([
  ['genre-now', 'genre', MINUTE_MS, genreName],
  ['company-now', 'company', HOUR_MS, companyName],
])('%s', (question, by, bucketMs, nameOf) => {
  it('gives n, mean, users and both credits of the last window', async () => {
    const lastBucketMs = Math.floor(Date.parse(`${AS_OF}Z`) / bucketMs) * bucketMs;
    const folded = foldRatings(by, lastBucketMs - 2 * HOUR_MS, lastBucketMs + bucketMs);
    const rows = await ask(stream, question, { window: '2h' });
    expect(new Set(rows.map((row) => row[`${by}_id`]))).toEqual(new Set(folded.keys()));
    for (const row of rows) {
      const id = Number(row[`${by}_id`]);
      const sum = folded.get(id)!;
      expect([row[by], row.n, row.users]).toEqual([nameOf(id), sum.n, sum.users]);
      close(row.average, sum.average);
      close(row.n_fractional, sum.credit);
      close(row.average_fractional, sum.creditAverage);
      expect(row.all_n).toBe(countRatings(lastBucketMs - 2 * HOUR_MS, END_MS));
    }
    const credits = rows.reduce((sum, row) => sum + Number(row.n_fractional), 0);
    close(credits, Number(rows[0]?.all_n));
    const counts = rows.map(({ n }) => Number(n));
    expect(counts).toEqual([...counts].sort((a, b) => b - a));
  });

  it('filters, without changing the total', async () => {
    const id = by === 'genre' ? 12 : 103;
    const [row, ...more] = await ask(stream, question, { window: '1h' }, { [by]: [id] });
    expect([row?.[`${by}_id`], more]).toEqual([id, []]);
    const [first] = await ask(stream, question, { window: '1h' });
    expect(row?.all_n).toBe(first?.all_n);
    expect(await ask(stream, question, { window: '1h', min_n: '100000' })).toEqual([]);
  });
});

describe('movie', () => {
  it('gives the spread of one film, and the last day of it', async () => {
    const mine = RATINGS.filter(({ movieId }) => movieId === RISING);
    const rows = await ask(stream, 'movie', { movie_id: String(RISING) });
    expect(rows.map(({ stars, n }) => [stars, n])).toEqual(
      Array.from({ length: 11 }, (_, i) => [
        (10 - i) / 2,
        mine.filter(({ halfStars }) => halfStars === 10 - i).length,
      ]),
    );
    const sum = mine.reduce((stars, { halfStars }) => stars + halfStars / 2, 0);
    for (const row of rows) {
      expect(row).toMatchObject({
        title: filmTitle(RISING),
        year: 1980 + RISING,
        genres: FILM_LIST[RISING - 1]!.genreIds.map(genreName).sort().join(', '),
        companies: FILM_LIST[RISING - 1]!.companyIds.map(companyName).sort().join(', '),
        all_n: mine.length,
        users: new Set(mine.map(({ userId }) => userId)).size,
        last_day_n: mine.length,
        first_rated: '2026-03-02',
        last_rated: '2026-03-02',
      });
      close(row.average, sum / mine.length);
      close(row.share, Number(row.n) / mine.length);
    }
    const [later] = await ask(stream, 'movie', { movie_id: String(RISING), as_of: '2026-03-04T12:00:00' });
    expect(later).toMatchObject({ all_n: mine.length, last_day_n: 0, last_day_average: null });
  });

  it('has no rows for a film that neither catalogue nor stream knows', async () => {
    expect(await ask(stream, 'movie', { movie_id: '999999' })).toEqual([]);
  });
});

describe('user', () => {
  it('gives the opinions that stand, newest first, beside the mean of all', async () => {
    const newest = new Map<number, (typeof RATINGS)[number]>();
    for (const rating of RATINGS) if (rating.userId === 5) newest.set(rating.movieId, rating);
    const expected = [...newest.values()].sort((a, b) => b.offset - a.offset);
    const rows = await ask(stream, 'user', { user_id: '5', top: '1000' });
    expect(rows.map(({ movie_id, rating }) => [movie_id, rating])).toEqual(
      expected.map(({ movieId, halfStars }) => [movieId, halfStars / 2]),
    );
    for (const row of rows) {
      const all = RATINGS.filter(({ movieId }) => movieId === row.movie_id);
      const mean = all.reduce((sum, { halfStars }) => sum + halfStars / 2, 0) / all.length;
      close(row.everybody, mean);
      close(row.difference, Number(row.rating) - mean);
      expect([row.all_n, row.watches]).toEqual([expected.length, 0]);
      close(row.average, expected.reduce((sum, { halfStars }) => sum + halfStars / 2, 0) / expected.length);
    }
    expect(await ask(stream, 'user', { user_id: '4000000' })).toEqual([]);
  });

  it('shows nothing from before a deletion, and no profile of a deleted person', async () => {
    const event = {
      slot: 0,
      kafka_offset: RATINGS.length,
      log_ts: '2026-03-02 12:40:00.000',
      ingested_at: '2026-03-02 13:00:00.000',
      verdict: 'ok',
      user_id: 6,
      ts: '2026-03-02 12:40:00.000',
    };
    await stream.insertRows('user_profiles', [
      { user_id: 6, kafka_offset: 1, gender: 'f', year_of_birth: 1990, ts: 1 },
    ]);
    expect((await ask(stream, 'user', { user_id: '6' }))[0]).toMatchObject({
      gender: 'f',
      year_of_birth: 1990,
    });
    await stream.insertRows('events_raw', [{ ...event, kind: 'USER_DELETED' }]);
    expect(await ask(stream, 'user', { user_id: '6' })).toEqual([]);
    await stream.insertRows('events_raw', [
      {
        ...event,
        kafka_offset: RATINGS.length + 1,
        log_ts: '2026-03-02 12:41:00.000',
        kind: 'RATED',
        movie_id: 3,
        half_stars: 9,
        genre_ids: [0],
        company_ids: [0],
      },
    ]);
    await stream.insertRows('user_profiles', [{ user_id: 6, kafka_offset: 2, ts: 2, deleted: true }]);
    const [row, ...more] = await ask(stream, 'user', { user_id: '6' });
    expect([row, more]).toEqual([
      expect.objectContaining({ movie_id: 3, rating: 4.5, gender: null, year_of_birth: null }),
      [],
    ]);
  });
});

describe('highest-rated-live on the sample', () => {
  const sampleRows = () =>
    readFileSync(join(projectRoot, 'data/ml-latest-small/ratings.csv'), 'utf8')
      .trim()
      .split(/\r?\n/)
      .slice(1)
      .map(
        (line) => line.split(',').map(Number) as [user: number, movie: number, rating: number, ts: number],
      );

  it('puts Shawshank first, at the published figures', async () => {
    const rows = await ask(sample, 'highest-rated-live');
    expect(
      rows.slice(0, 3).map(({ title, weighted_rating }) => [title, Number(weighted_rating).toFixed(3)]),
    ).toEqual([
      ['The Shawshank Redemption', '4.361'],
      ['The Godfather', '4.198'],
      ['Fight Club', '4.194'],
    ]);
    expect(rows[0]).toMatchObject({ all_n: 100_836, year: 1994 });
    expect(rows).toHaveLength(20);
  });

  it.each([
    [25, 50],
    [100, 10],
    [0, 1],
  ])('agrees with a plain loop at m = %d and at least %d ratings', async (m, minN) => {
    const sums = new Map<number, { n: number; stars: number }>();
    let [all, stars] = [0, 0];
    for (const [, movie, rating] of sampleRows()) {
      const sum = sums.get(movie) ?? { n: 0, stars: 0 };
      sum.n += 1;
      sum.stars += rating;
      sums.set(movie, sum);
      all += 1;
      stars += rating;
    }
    const mean = stars / all;
    const passing = [...sums].filter(([, { n }]) => n >= minN);
    const expected = passing
      .map(([id, sum]) => ({
        id,
        n: sum.n,
        plain: sum.stars / sum.n,
        weighted: (sum.stars + m * mean) / (sum.n + m),
      }))
      .sort((a, b) => b.weighted - a.weighted || b.n - a.n || a.id - b.id);
    const rows = await ask(sample, 'highest-rated-live', { m: String(m), min_n: String(minN), top: '50' });
    expect(rows.map(({ n }) => n)).toEqual(expected.slice(0, 50).map(({ n }) => n));
    rows.forEach((row, i) => {
      close(row.weighted_rating, expected[i]!.weighted);
      close(row.average, expected[i]!.plain);
      close(row.prior_mean, mean);
      expect(row.users).toBe(row.n);
      const better = expected.filter(({ plain }) => plain > expected[i]!.plain + 1e-12);
      expect(row.plain_rank).toBe(better.length + 1);
    });
  });

  it('filters films by genre, and days, C being of all films of the days', async () => {
    const [drama] = await sample.query<{ id: number }>(
      "SELECT genre_id AS id FROM genres WHERE name = 'Drama'",
    );
    const rows = await ask(
      sample,
      'highest-rated-live',
      { from: '2000-01-01', to: '2005-12-31' },
      { genre: [drama!.id] },
    );
    const ofDays = sampleRows().filter(([, , , ts]) => ts >= 946_684_800 && ts < 1_136_073_600);
    close(rows[0]?.prior_mean, ofDays.reduce((sum, [, , rating]) => sum + rating, 0) / ofDays.length);
    expect(rows[0]?.all_n).toBe(ofDays.length);
    for (const { movie_id, n } of rows)
      expect(n).toBe(ofDays.filter(([, movie]) => movie === movie_id).length);
    const [known] = await sample.query<{ n: number }>(
      'SELECT toUInt32(countIf(has(genre_ids, {drama:UInt32}))) AS n FROM movies WHERE movie_id IN {ids:Array(UInt32)}',
      { params: { drama: drama!.id, ids: rows.map(({ movie_id }) => movie_id) } },
    );
    expect(known?.n).toBe(rows.length);
  });
});
