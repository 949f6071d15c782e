import type { ClickHouse } from '../../../clickhouse/connection.ts';

/** A stream whose times are known to the second, for questions about "now". */
export const NOON_MS = Date.UTC(2026, 2, 2, 12);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

export interface StreamRating {
  readonly offset: number;
  readonly logTsMs: number;
  readonly userId: number;
  readonly movieId: number;
  readonly halfStars: number;
}

export interface StreamFilm {
  readonly movieId: number;
  readonly genreIds: readonly number[];
  readonly companyIds: readonly number[];
}

const FILMS = 40;
/** Rated five times as often from 11:00 on, and a fifth. */
export const RISING = 7;
export const FALLING = 8;

export const FILM_LIST: readonly StreamFilm[] = Array.from({ length: FILMS }, (_, i) => ({
  movieId: i + 1,
  genreIds: i % 9 === 0 ? [0] : Array.from({ length: 1 + (i % 3) }, (_, k) => 10 + ((i + k * 2) % 6)),
  companyIds: i % 7 === 0 ? [0] : Array.from({ length: 1 + (i % 2) }, (_, k) => 100 + ((i + k * 3) % 8)),
}));
export const genreName = (id: number) => (id === 0 ? '(unknown)' : `Genre ${id}`);
export const companyName = (id: number) => (id === 0 ? '(unknown)' : `Company ${id}`);
export const filmTitle = (id: number) => `Film ${id}`;

/** From 08:00 to 12:34 (UTC), four a second at most; half as many before 10:00. */
export const RATINGS: readonly StreamRating[] = makeRatings(6_000);

function makeRatings(count: number): StreamRating[] {
  const random = lcg(42);
  const ratings: StreamRating[] = [];
  for (let offset = 0; offset < count; offset++) {
    const logTsMs = NOON_MS - 4 * HOUR_MS + Math.floor((offset / count) * (4 * HOUR_MS + 34 * MINUTE_MS));
    ratings.push({
      offset,
      logTsMs,
      userId: 1 + Math.floor(random() * 300),
      movieId: pickFilm(random, logTsMs >= NOON_MS - HOUR_MS),
      halfStars: Math.floor(random() * 11),
    });
  }
  return ratings;
}

function pickFilm(random: () => number, isLate: boolean): number {
  const weights = FILM_LIST.map(({ movieId }) => {
    if (movieId === RISING) return isLate ? 5 : 1;
    if (movieId === FALLING) return isLate ? 1 : 5;
    return 2;
  });
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  const at = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return FILM_LIST[at]!.movieId;
}

function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export async function fillStream(clickhouse: ClickHouse): Promise<void> {
  const version = 1;
  const ids = (pick: (film: StreamFilm) => readonly number[]) => [
    ...new Set([0, ...FILM_LIST.flatMap(pick)]),
  ];
  await clickhouse.insertRows(
    'catalog_movies',
    FILM_LIST.map(({ movieId, genreIds, companyIds }) => ({
      version,
      movie_id: movieId,
      title: filmTitle(movieId),
      release_year: 1980 + movieId,
      genre_ids: genreIds,
      company_ids: companyIds,
    })),
  );
  await clickhouse.insertRows(
    'catalog_genres',
    ids((film) => film.genreIds).map((id) => ({ version, genre_id: id, name: genreName(id) })),
  );
  await clickhouse.insertRows(
    'catalog_companies',
    ids((film) => film.companyIds).map((id) => ({ version, company_id: id, name: companyName(id) })),
  );
  await clickhouse.insertRows('catalog_versions', [{ version, movies: FILMS }]);
  for (const name of ['genre_names', 'company_names', 'movie_titles']) {
    await clickhouse.command(`SYSTEM RELOAD DICTIONARY ${name}`);
  }
  await insertRatings(clickhouse, RATINGS);
}

async function insertRatings(clickhouse: ClickHouse, ratings: readonly StreamRating[]): Promise<void> {
  const rows = ratings.map(({ offset, logTsMs, userId, movieId, halfStars }) => {
    const film = FILM_LIST[movieId - 1]!;
    return {
      slot: 0,
      kafka_offset: offset,
      log_ts: new Date(logTsMs).toISOString(),
      ingested_at: '2026-03-02 13:00:00.000',
      event_id: String(offset),
      verdict: 'ok',
      reason: 'none',
      kind: 'RATED',
      user_id: userId,
      movie_id: movieId,
      half_stars: halfStars,
      ts: new Date(logTsMs).toISOString(),
      genre_ids: film.genreIds,
      company_ids: film.companyIds,
    };
  });
  await clickhouse.insertRows('events_raw', rows);
}

export const STEADY_FILMS = 3_000;
/** Films from 100,000 on: a day before, 60 ratings each over two hours, by chance and with no trend in any of them. */
export async function insertSteadyStream(clickhouse: ClickHouse): Promise<void> {
  await clickhouse.command(
    `INSERT INTO events_raw (slot, kafka_offset, log_ts, ingested_at, event_id, verdict, kind, user_id, movie_id, half_stars, ts,
       genre_ids, company_ids)
     SELECT 1, number, toDateTime64('2026-03-01 10:00:00', 3, 'UTC') + intDiv(number * 7200, {rows:UInt64}) AS log_ts,
       toDateTime64('2026-03-01 13:00:00', 3, 'UTC'), toString(number), 'ok', 'RATED', 10000 + cityHash64(number, 1) % 5000,
       100000 + cityHash64(number, 2) % {films:UInt64}, cityHash64(number, 3) % 11, log_ts, [0], [0]
     FROM numbers({rows:UInt64})`,
    { params: { films: STEADY_FILMS, rows: STEADY_FILMS * 60 } },
  );
}

export interface Sum {
  readonly n: number;
  /** with a rating shared among the genres or companies of its film */
  readonly credit: number;
  readonly average: number;
  readonly creditAverage: number;
  readonly users: number;
}

export type By = 'movie' | 'genre' | 'company';

/** What the questions must say about ratings from one time up to another, by a plain loop over the records. */
export function foldRatings(by: By, fromMs: number, toMs: number): Map<number, Sum> {
  const open = new Map<
    number,
    { n: number; stars: number; credit: number; creditStars: number; users: Set<number> }
  >();
  for (const { logTsMs, userId, movieId, halfStars } of RATINGS) {
    if (logTsMs < fromMs || logTsMs >= toMs) continue;
    const film = FILM_LIST[movieId - 1]!;
    const ids = by === 'movie' ? [movieId] : by === 'genre' ? film.genreIds : film.companyIds;
    for (const id of ids) {
      const sum = open.get(id) ?? { n: 0, stars: 0, credit: 0, creditStars: 0, users: new Set() };
      sum.n += 1;
      sum.stars += halfStars / 2;
      sum.credit += 1 / ids.length;
      sum.creditStars += halfStars / 2 / ids.length;
      sum.users.add(userId);
      open.set(id, sum);
    }
  }
  return new Map(
    [...open].map(([id, { n, stars, credit, creditStars, users }]) => [
      id,
      { n, credit, average: stars / n, creditAverage: creditStars / credit, users: users.size },
    ]),
  );
}

export const countRatings = (fromMs: number, toMs: number): number =>
  RATINGS.filter(({ logTsMs }) => logTsMs >= fromMs && logTsMs < toMs).length;
