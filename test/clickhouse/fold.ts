import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { Slot } from '../../clickhouse/sink-store.ts';
import { reasonOf } from '../../core/verdict.ts';
import { FILM_INDEX, testRecord } from './fixture.ts';

/** What the aggregates must say, as text per key: worked out by a plain loop, without SQL. */
export type Folded = Readonly<Record<Table, ReadonlyMap<string, string>>>;
type Table = 'pipeline' | 'genre' | 'company' | 'movie' | 'genreDay' | 'companyDay' | 'movieDay' | 'opinions';

interface RatingSum {
  n: number;
  halfStars: number;
  histogram: number[];
  users: Set<number>;
  /** n by number of genres or companies of the film */
  shares: Map<number, number>;
}

/** @param slots slot -> number of records in it */
export function fold(slots: ReadonlyMap<Slot, number>): Folded {
  const pipeline = new Map<string, { n: number; bytes: number; skipped: number; late: number }>();
  const ratings = {
    genre: new Map<string, RatingSum>(),
    company: new Map<string, RatingSum>(),
    movie: new Map<string, RatingSum>(),
    genreDay: new Map<string, RatingSum>(),
    companyDay: new Map<string, RatingSum>(),
    movieDay: new Map<string, RatingSum>(),
  };
  const opinions = new Map<string, { position: readonly [number, number]; text: string }>();
  const deletions = new Map<number, readonly [number, number]>();

  for (const [slot, count] of slots) {
    for (let number = 0; number < count; number++) {
      const { record, skippedBefore, judgement } = testRecord(slot, number);
      const { verdict, event, late } = judgement;
      const key = `${minute(record.logTsMs)} ${verdict.kind} ${reasonOf(verdict)}`;
      const sum = pipeline.get(key) ?? { n: 0, bytes: 0, skipped: 0, late: 0 };
      sum.n++;
      sum.bytes += record.value!.length;
      sum.skipped += skippedBefore;
      sum.late += Number(late);
      pipeline.set(key, sum);
      if (verdict.kind !== 'ok' || event === null) continue;
      const position = [record.logTsMs, record.offset] as const;
      if (event.kind === 'USER_DELETED')
        deletions.set(event.userId, later(deletions.get(event.userId), position));
      else {
        const facet = event.kind === 'RATED' || event.kind === 'UNRATED' ? 'rating' : 'watch';
        const stands = event.kind === 'RATED' || event.kind === 'WATCHED';
        const opinion = `${event.userId} ${event.movieId} ${facet}`;
        const text = stands ? `${(event.rating ?? 0) * 2} ${second(event.tsMs)}` : '';
        const before = opinions.get(opinion);
        if (!before || isLater(position, before.position)) opinions.set(opinion, { position, text });
      }
      if (event.kind !== 'RATED') continue;
      const film = FILM_INDEX.film(event.movieId);
      const day = second(event.tsMs).slice(0, 10);
      const hour = `${second(record.logTsMs).slice(0, 13)}:00:00`;
      for (const id of film.genreIds) {
        add(
          ratings.genre,
          `${id} ${minute(record.logTsMs)}`,
          event.userId,
          event.rating! * 2,
          film.genreIds.length,
        );
        add(ratings.genreDay, `${id} ${day}`, event.userId, event.rating! * 2, film.genreIds.length);
      }
      for (const id of film.companyIds) {
        add(ratings.company, `${id} ${hour}`, event.userId, event.rating! * 2, film.companyIds.length);
        add(ratings.companyDay, `${id} ${day}`, event.userId, event.rating! * 2, film.companyIds.length);
      }
      add(ratings.movie, `${event.movieId} ${hour}`, event.userId, event.rating! * 2, 1);
      add(ratings.movieDay, `${event.movieId} ${day}`, event.userId, event.rating! * 2, 1);
    }
  }
  const standing = [...opinions].filter(([key, { position, text }]) => {
    const deleted = deletions.get(Number(key.split(' ')[0]));
    return text !== '' && !(deleted && isLater(deleted, position));
  });
  return {
    pipeline: new Map([...pipeline].map(([key, s]) => [key, `${s.n} ${s.bytes} ${s.skipped} ${s.late}`])),
    genre: texts(ratings.genre),
    company: texts(ratings.company),
    movie: texts(ratings.movie),
    genreDay: texts(ratings.genreDay),
    companyDay: texts(ratings.companyDay),
    movieDay: texts(ratings.movieDay),
    opinions: new Map(standing.map(([key, { text }]) => [key, text])),
  };
}

/** The same from the readers' views. */
export async function readFolded(clickhouse: ClickHouse): Promise<Folded> {
  const read = async (sql: string) => {
    const rows = await clickhouse.query<{ key: string; value: string }>(sql);
    return new Map(rows.map(({ key, value }) => [key, value]));
  };
  const ratings = (view: string, id: string, bucket: string) =>
    read(
      `SELECT concat(toString(${id}), ' ', toString(${bucket})) AS key,
              concat(toString(n), ' ', toString(half_stars), ' ', arrayStringConcat(histogram, ','), ' ',
                     toString(unique_users), ' ', toString(round(fractional_n, 6))) AS value FROM ${view}`,
    );
  return {
    pipeline: await read(
      `SELECT concat(toString(minute), ' ', toString(verdict), ' ', toString(reason)) AS key,
              concat(toString(n), ' ', toString(bytes), ' ', toString(skipped), ' ', toString(late)) AS value
       FROM pipeline_by_minute`,
    ),
    genre: await ratings('genre_ratings_by_minute', 'genre_id', 'minute'),
    company: await ratings('company_ratings_by_hour', 'company_id', 'hour'),
    movie: await ratings('movie_ratings_by_hour', 'movie_id', 'hour'),
    genreDay: await ratings('genre_ratings_by_day', 'genre_id', 'day'),
    companyDay: await ratings('company_ratings_by_day', 'company_id', 'day'),
    movieDay: await ratings('movie_ratings_by_day', 'movie_id', 'day'),
    opinions: await read(
      `SELECT concat(toString(user_id), ' ', toString(movie_id), ' ', toString(facet)) AS key,
              concat(toString(half_stars), ' ', formatDateTime(ts, '%F %T')) AS value
       FROM current_opinions`,
    ),
  };
}

function add(
  sums: Map<string, RatingSum>,
  key: string,
  user: number,
  halfStars: number,
  share: number,
): void {
  const empty = () => ({
    n: 0,
    halfStars: 0,
    histogram: Array<number>(11).fill(0),
    users: new Set<number>(),
    shares: new Map<number, number>(),
  });
  const sum = sums.get(key) ?? empty();
  sum.n++;
  sum.halfStars += halfStars;
  sum.histogram[halfStars]!++;
  sum.users.add(user);
  sum.shares.set(share, (sum.shares.get(share) ?? 0) + 1);
  sums.set(key, sum);
}

function texts(sums: ReadonlyMap<string, RatingSum>): Map<string, string> {
  return new Map(
    [...sums].map(([key, { n, halfStars, histogram, users, shares }]) => {
      const fractional = [...shares].reduce((total, [share, count]) => total + count / share, 0);
      return [key, `${n} ${halfStars} ${histogram.join(',')} ${users.size} ${Number(fractional.toFixed(6))}`];
    }),
  );
}

const second = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
const minute = (ms: number) => `${second(ms).slice(0, 16)}:00`;
const isLater = (a: readonly [number, number], b: readonly [number, number]) =>
  a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
const later = (a: readonly [number, number] | undefined, b: readonly [number, number]) =>
  a && isLater(a, b) ? a : b;
