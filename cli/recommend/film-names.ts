import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { needs, readCsv } from '../../catalog/csv.ts';
import { MOVIELENS_COLUMNS, toMovieLensMovie } from '../../catalog/movielens.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { latestCatalogVersion } from '../../clickhouse/film-index.ts';
import { loadFilms } from '../recommender/film-catalogue.ts';
import type { FilmNames } from './read-snapshot.ts';

/** Names from the catalogue in ClickHouse; while that is away, from the sample, whose ids are MovieLens's as all are. */
export async function readFilmNames(clickhouse: ClickHouse, sampleFolder: string): Promise<FilmNames> {
  const films = await latestCatalogVersion(clickhouse)
    .then((version) => loadFilms(clickhouse, version))
    .catch(() => null);
  if (films === null || films.size === 0) return namesOfSample(join(sampleFolder, 'ml-latest-small'));
  return new Map(
    [...films.values()].map(({ movieId, title, year, genres }) => [
      movieId,
      { movie_id: movieId, title, year, genres: genres.join('|') },
    ]),
  );
}

async function namesOfSample(folder: string): Promise<FilmNames> {
  const names = new Map<number, { movie_id: number; title: string; year: number | null; genres: string }>();
  const file = createReadStream(join(folder, 'movies.csv'));
  for await (const row of readCsv('movies.csv', file, needs(MOVIELENS_COLUMNS))) {
    const outcome = 'fields' in row ? toMovieLensMovie(row.fields) : null;
    if (outcome === null || !('ok' in outcome)) continue;
    const { movieId, title, year, genreWords } = outcome.ok.movie;
    names.set(movieId, { movie_id: movieId, title, year: year || null, genres: genreWords });
  }
  return names;
}
