/** What people query, as docs/data-model.md lists it, with the columns that order the rows. */
export const EXPORTED_TABLES: Readonly<Record<string, string>> = {
  movies: 'movie_id, tmdb_id',
  films: 'tmdb_id, movie_id',
  genres: 'genre_id',
  companies: 'company_id',
  movie_genres: 'movie_id, tmdb_id, position',
  movie_companies: 'movie_id, tmdb_id, position',
  links: 'movie_id',
  cpi_monthly: 'series, month',
  cpi_coverage: 'series',
  catalog_versions: 'version',
  load_reports: 'version, file, outcome, field, reason',
  genre_ratings_by_minute: 'minute, genre_id',
  company_ratings_by_hour: 'hour, company_id',
  movie_ratings_by_hour: 'hour, movie_id',
  genre_ratings_by_day: 'day, genre_id',
  company_ratings_by_day: 'day, company_id',
  movie_ratings_by_day: 'day, movie_id',
  pipeline_by_minute: 'minute, verdict, reason',
  ratings: 'slot, kafka_offset',
  current_ratings: 'user_id, movie_id',
  users: 'user_id',
  check_results: 'name, checked_at',
};

/** Views that are not exported, and why. */
export const LEFT_OUT_VIEWS: Readonly<Record<string, string>> = {
  user_deletions: 'inside of current_opinions and ratings',
  current_opinions: 'inside of current_ratings and users',
};
