import type { ClickHouse } from '../clickhouse/connection.ts';

export const USERS = 160_000;
const SLOTS = 4;
/** one part per slot and INSERT, as the sink's larger batches */
const ROWS_PER_INSERT = 250_000;
/** over how long they came in */
const LOG_DAYS = 14;
/** the age of the oldest rating that is replayed */
const HISTORY_DAYS = 20 * 365;

/**
 * Ratings of the sample's films into events_raw, so that the real views fill every aggregate: 160,000 persons, films by a power
 * law (a tenth of the films has half of the ratings), 14 days of Kafka time up to now; one in five is live, the others are
 * replayed with event times over twenty years, as a public data set is. Content depends on the row number alone.
 */
export async function fillWithRatings(
  clickhouse: ClickHouse,
  events: number,
  onProgress: (done: number) => void,
): Promise<void> {
  const nowMs = Date.now();
  for (let from = 0; from < events; from += ROWS_PER_INSERT) {
    const rows = Math.min(ROWS_PER_INSERT, events - from);
    await clickhouse.command(INSERT, {
      params: { from, rows, events, nowMs },
      settings: {
        max_block_size: ROWS_PER_INSERT,
        min_insert_block_size_rows: ROWS_PER_INSERT,
        min_insert_block_size_bytes: 0,
        max_insert_threads: 1,
        optimize_on_insert: 0,
      },
    });
    if ((from / ROWS_PER_INSERT) % 10 === 9) onProgress(from + rows);
  }
}

const INSERT = `
INSERT INTO events_raw (slot, kafka_offset, log_ts, ingested_at, event_id, verdict, reason, kind, user_id, movie_id,
  half_stars, ts, source, genre_ids, company_ids, release_year, catalog_version)
SELECT
  number % ${SLOTS},
  intDiv(number, ${SLOTS}),
  fromUnixTimestamp64Milli(log_ms, 'UTC'),
  fromUnixTimestamp64Milli(last_ms, 'UTC'),
  reinterpretAsFixedString(toUInt128(number + 1)),
  'ok', 'none', 'RATED',
  1 + cityHash64(number, 1) % ${USERS},
  films.movie_id,
  least(10, 1 + cityHash64(number, 2) % 6 + cityHash64(number, 3) % 6),
  fromUnixTimestamp64Milli(if(cityHash64(number, 4) % 5 = 0, log_ms,
    log_ms - toInt64(cityHash64(number, 5) % (${HISTORY_DAYS} * 86400000))), 'UTC'),
  'bench',
  films.genre_ids, films.company_ids, films.release_year, 1
FROM
(
  SELECT
    number,
    {nowMs:Int64} - ${LOG_DAYS} * 86400000 AS start_ms,
    start_ms + toInt64(${LOG_DAYS} * 86400000. * number / {events:UInt64}) AS log_ms,
    start_ms + toInt64(${LOG_DAYS} * 86400000. * ({from:UInt64} + {rows:UInt64}) / {events:UInt64}) AS last_ms,
    toUInt32(floor(film_count * pow((cityHash64(number, 6) % 1000000) / 1000000, 3.3))) AS place,
    (SELECT count() FROM movies WHERE movie_id > 0) AS film_count
  FROM numbers({from:UInt64}, {rows:UInt64})
) AS made
INNER JOIN
(
  SELECT movie_id, genre_ids, company_ids, release_year, toUInt32(row_number() OVER (ORDER BY cityHash64(movie_id)) - 1) AS place
  FROM movies
  WHERE movie_id > 0
) AS films USING place`;
