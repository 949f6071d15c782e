import { expect } from 'vitest';
import { audit } from '../../clickhouse/audit.ts';
import { readStreams } from '../../clickhouse/slots.ts';
import { foldBy, type Rating, sampleFilms, type Totals } from './oracle.ts';
import type { SharedPipeline } from './pipeline.ts';

/** Each rating once in raw, every aggregate equal to its recomputation, and the readers' sums equal to a plain fold. */
export async function expectExact(pipeline: SharedPipeline, ratings: readonly Rating[]): Promise<void> {
  const { db, count } = pipeline;
  const slots = (await readStreams(db)).map(({ slot }) => slot);
  expect(await audit(db, slots)).toMatchObject({ exact: true, gaps: [], unfinished: [] });
  expect(await count('SELECT count() FROM events_raw')).toBe(
    await count('SELECT uniqExact(slot, kafka_offset) FROM events_raw'),
  );
  expect(await count("SELECT uniqExact(event_id) FROM events_raw WHERE verdict = 'ok'")).toBe(ratings.length);
  expect(await count("SELECT count() FROM events_raw WHERE verdict = 'ok'")).toBe(ratings.length);
  const films = sampleFilms();
  for (const [sql, dimension] of [
    [
      'SELECT genre_id AS id, sum(n) AS n, sum(half_stars) AS s FROM genre_ratings_by_minute GROUP BY id',
      'genreIds',
    ],
    [
      'SELECT company_id AS id, sum(n) AS n, sum(half_stars) AS s FROM company_ratings_by_hour GROUP BY id',
      'companyIds',
    ],
    [
      'SELECT genre_id AS id, sum(n) AS n, sum(half_stars) AS s FROM genre_ratings_by_day GROUP BY id',
      'genreIds',
    ],
    [
      'SELECT company_id AS id, sum(n) AS n, sum(half_stars) AS s FROM company_ratings_by_day GROUP BY id',
      'companyIds',
    ],
  ] as const) {
    const rows = await db.query<{ id: number; n: string; s: string }>(sql);
    const found = new Map(
      rows.map(({ id, n, s }): [number, Totals] => [id, { n: Number(n), halfStars: Number(s) }]),
    );
    expect(sorted(found)).toEqual(sorted(foldBy(ratings, films, dimension)));
  }
}

function sorted(totals: ReadonlyMap<number, Totals>): [number, Totals][] {
  return [...totals].sort(([a], [b]) => a - b);
}
