import type { Film, FilmCatalogue } from '../../api/ports.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { latestCatalogVersion } from '../../clickhouse/film-index.ts';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import { startPolling } from './poll.ts';

export interface WatchedFilms extends FilmCatalogue {
  readonly version: number;
  stop(): Promise<void>;
}

interface FilmsOptions {
  readonly clickhouse: ClickHouse;
  readonly pollIntervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Row {
  readonly movieId: number;
  readonly title: string;
  readonly year: number;
  readonly genres: readonly string[];
  readonly overview: string;
}

/**
 * Titles of the newest catalogue, kept up to date. Without ClickHouse there are none until it is there: learning and
 * recommending need no title.
 */
export async function watchFilms(options: FilmsOptions): Promise<WatchedFilms> {
  const { clickhouse, clock, logger, pollIntervalMs } = options;
  let films: ReadonlyMap<number, Film> = new Map();
  let version = 0;

  async function look(): Promise<void> {
    const newest = await latestCatalogVersion(clickhouse);
    if (newest <= version) return;
    films = await loadFilms(clickhouse, newest);
    version = newest;
    logger.info({ version, films: films.size }, 'catalogue loaded');
  }

  const polling = await startPolling(look, {
    intervalMs: pollIntervalMs,
    clock,
    onFailure({ code, message }) {
      logger.warn({ code, error: message }, 'could not look for a new catalogue; the one in use stays');
    },
  });
  return {
    get version() {
      return version;
    },
    film: (movieId) => films.get(movieId) ?? null,
    stop: polling.stop,
  };
}

/** The films of one version that have a MovieLens id. */
export async function loadFilms(clickhouse: ClickHouse, version: number): Promise<ReadonlyMap<number, Film>> {
  const rows = await clickhouse.query<Row>(
    `WITH names AS (SELECT groupArray(genre_id) AS ids, groupArray(name) AS texts
                    FROM catalog_genres WHERE version = {version:UInt32} AND genre_id > 0)
     SELECT movie_id AS movieId, title, release_year AS year, overview,
            arrayFilter(name -> name != '',
              arrayMap(id -> transform(id, (SELECT ids FROM names), (SELECT texts FROM names), ''), genre_ids)) AS genres
     FROM catalog_movies WHERE version = {version:UInt32} AND movie_id > 0
     ORDER BY movie_id, tmdb_id LIMIT 1 BY movie_id`,
    { params: { version } },
  );
  return new Map(
    rows.map(({ movieId, title, year, genres, overview }) => [
      movieId,
      {
        movieId,
        title: title.replace(/\s*\(\d{4}\)\s*$/, ''),
        year: year || null,
        genres,
        description: overview,
      },
    ]),
  );
}
