-- What people query. Names come from the newest catalogue at read time, id 0 reads (unknown), every view groups over slots.
--
-- n: rating events. histogram: events per half star, 0 to 10. fractional_n, fractional_half_stars: the same with a film's
-- rating shared equally between its genres (companies). unique_users does not add up over rows; over a longer
-- time it is groupBitmapMerge(users) of the table below. Where single persons appear, what lies before their deletion is hidden.

CREATE VIEW IF NOT EXISTS genre_ratings_by_minute AS
SELECT
    id AS genre_id,
    dictGetOrDefault('genre_names', 'name', toUInt64(id), '(unknown)') AS genre,
    bucket AS minute,
    sum(a.n) AS n,
    sum(a.half_stars) AS half_stars,
    sum(h1) + 4 * sum(h2) + 9 * sum(h3) + 16 * sum(h4) + 25 * sum(h5) + 36 * sum(h6) + 49 * sum(h7) + 64 * sum(h8) + 81 * sum(h9) + 100 * sum(h10) AS half_star_squares,
    [sum(h0), sum(h1), sum(h2), sum(h3), sum(h4), sum(h5), sum(h6), sum(h7), sum(h8), sum(h9), sum(h10)] AS histogram,
    sum(a.half_stars) / sum(a.n) / 2 AS average_rating,
    sum(a.n / share) AS fractional_n,
    sum(a.half_stars / share) AS fractional_half_stars,
    groupBitmapMerge(users) AS unique_users
FROM agg_ratings_live AS a
WHERE dimension = 'genre'
GROUP BY id, bucket;

CREATE VIEW IF NOT EXISTS company_ratings_by_hour AS
SELECT
    id AS company_id,
    dictGetOrDefault('company_names', 'name', toUInt64(id), '(unknown)') AS company,
    bucket AS hour,
    sum(a.n) AS n,
    sum(a.half_stars) AS half_stars,
    sum(h1) + 4 * sum(h2) + 9 * sum(h3) + 16 * sum(h4) + 25 * sum(h5) + 36 * sum(h6) + 49 * sum(h7) + 64 * sum(h8) + 81 * sum(h9) + 100 * sum(h10) AS half_star_squares,
    [sum(h0), sum(h1), sum(h2), sum(h3), sum(h4), sum(h5), sum(h6), sum(h7), sum(h8), sum(h9), sum(h10)] AS histogram,
    sum(a.half_stars) / sum(a.n) / 2 AS average_rating,
    sum(a.n / share) AS fractional_n,
    sum(a.half_stars / share) AS fractional_half_stars,
    groupBitmapMerge(users) AS unique_users
FROM agg_ratings_live AS a
WHERE dimension = 'company'
GROUP BY id, bucket;

CREATE VIEW IF NOT EXISTS movie_ratings_by_hour AS
SELECT
    id AS movie_id,
    dictGetOrDefault('movie_titles', 'title', toUInt64(id), '(unknown)') AS title,
    dictGetOrDefault('movie_titles', 'release_year', toUInt64(id), toUInt16(0)) AS release_year,
    bucket AS hour,
    sum(a.n) AS n,
    sum(a.half_stars) AS half_stars,
    sum(h1) + 4 * sum(h2) + 9 * sum(h3) + 16 * sum(h4) + 25 * sum(h5) + 36 * sum(h6) + 49 * sum(h7) + 64 * sum(h8) + 81 * sum(h9) + 100 * sum(h10) AS half_star_squares,
    [sum(h0), sum(h1), sum(h2), sum(h3), sum(h4), sum(h5), sum(h6), sum(h7), sum(h8), sum(h9), sum(h10)] AS histogram,
    sum(a.half_stars) / sum(a.n) / 2 AS average_rating,
    sum(a.n / share) AS fractional_n,
    sum(a.half_stars / share) AS fractional_half_stars,
    groupBitmapMerge(users) AS unique_users
FROM agg_ratings_live AS a
WHERE dimension = 'movie'
GROUP BY id, bucket;

CREATE VIEW IF NOT EXISTS genre_ratings_by_day AS
SELECT
    id AS genre_id,
    dictGetOrDefault('genre_names', 'name', toUInt64(id), '(unknown)') AS genre,
    bucket AS day,
    sum(a.n) AS n,
    sum(a.half_stars) AS half_stars,
    sum(h1) + 4 * sum(h2) + 9 * sum(h3) + 16 * sum(h4) + 25 * sum(h5) + 36 * sum(h6) + 49 * sum(h7) + 64 * sum(h8) + 81 * sum(h9) + 100 * sum(h10) AS half_star_squares,
    [sum(h0), sum(h1), sum(h2), sum(h3), sum(h4), sum(h5), sum(h6), sum(h7), sum(h8), sum(h9), sum(h10)] AS histogram,
    sum(a.half_stars) / sum(a.n) / 2 AS average_rating,
    sum(a.n / share) AS fractional_n,
    sum(a.half_stars / share) AS fractional_half_stars,
    groupBitmapMerge(users) AS unique_users
FROM agg_ratings_day AS a
WHERE dimension = 'genre'
GROUP BY id, bucket;

CREATE VIEW IF NOT EXISTS company_ratings_by_day AS
SELECT
    id AS company_id,
    dictGetOrDefault('company_names', 'name', toUInt64(id), '(unknown)') AS company,
    bucket AS day,
    sum(a.n) AS n,
    sum(a.half_stars) AS half_stars,
    sum(h1) + 4 * sum(h2) + 9 * sum(h3) + 16 * sum(h4) + 25 * sum(h5) + 36 * sum(h6) + 49 * sum(h7) + 64 * sum(h8) + 81 * sum(h9) + 100 * sum(h10) AS half_star_squares,
    [sum(h0), sum(h1), sum(h2), sum(h3), sum(h4), sum(h5), sum(h6), sum(h7), sum(h8), sum(h9), sum(h10)] AS histogram,
    sum(a.half_stars) / sum(a.n) / 2 AS average_rating,
    sum(a.n / share) AS fractional_n,
    sum(a.half_stars / share) AS fractional_half_stars,
    groupBitmapMerge(users) AS unique_users
FROM agg_ratings_day AS a
WHERE dimension = 'company'
GROUP BY id, bucket;

CREATE VIEW IF NOT EXISTS movie_ratings_by_day AS
SELECT
    id AS movie_id,
    dictGetOrDefault('movie_titles', 'title', toUInt64(id), '(unknown)') AS title,
    dictGetOrDefault('movie_titles', 'release_year', toUInt64(id), toUInt16(0)) AS release_year,
    bucket AS day,
    sum(a.n) AS n,
    sum(a.half_stars) AS half_stars,
    sum(h1) + 4 * sum(h2) + 9 * sum(h3) + 16 * sum(h4) + 25 * sum(h5) + 36 * sum(h6) + 49 * sum(h7) + 64 * sum(h8) + 81 * sum(h9) + 100 * sum(h10) AS half_star_squares,
    [sum(h0), sum(h1), sum(h2), sum(h3), sum(h4), sum(h5), sum(h6), sum(h7), sum(h8), sum(h9), sum(h10)] AS histogram,
    sum(a.half_stars) / sum(a.n) / 2 AS average_rating,
    sum(a.n / share) AS fractional_n,
    sum(a.half_stars / share) AS fractional_half_stars,
    groupBitmapMerge(users) AS unique_users
FROM agg_ratings_day AS a
WHERE dimension = 'movie'
GROUP BY id, bucket;

CREATE VIEW IF NOT EXISTS pipeline_by_minute AS
SELECT
    minute,
    verdict,
    reason,
    sum(a.n) AS n,
    sum(a.bytes) AS bytes,
    sum(a.skipped) AS skipped,
    sum(a.late) AS late,
    sum(a.delay_ms) / sum(a.n) AS average_delay_ms,
    max(a.max_delay_ms) AS max_delay_ms
FROM agg_pipeline_minute AS a
GROUP BY minute, verdict, reason;

-- The newest deletion of each person, as a place in their history: Kafka time, then offset, over all slots. What lies before
-- it is hidden. deletion compares with opinions as they are packed, deleted_at and deleted_offset with rows of raw.
CREATE VIEW IF NOT EXISTS user_deletions AS
SELECT
    user_id,
    max(d.opinion) AS deletion,
    fromUnixTimestamp64Milli(toInt64(bitShiftRight(deletion, 84)), 'UTC') AS deleted_at,
    bitAnd(toUInt64(bitShiftRight(deletion, 52)), 4294967295) AS deleted_offset
FROM user_ratings AS d
WHERE facet = 'deletion'
GROUP BY user_id;

-- Opinions that stand: the newest of each facet, withdrawals taken out, nothing from before a deletion.
CREATE VIEW IF NOT EXISTS current_opinions AS
SELECT
    o.user_id AS user_id,
    o.movie_id AS movie_id,
    o.facet AS facet,
    toUInt8(bitAnd(o.facts, 15)) AS half_stars,
    fromUnixTimestamp64Milli(toInt64(bitAnd(bitShiftRight(o.facts, 8), 17592186044415)), 'UTC') AS ts
FROM
(
    SELECT
        user_id,
        movie_id,
        facet,
        max(u.opinion) AS newest,
        toUInt64(newest) AS facts
    FROM user_ratings AS u
    WHERE facet != 'deletion'
    GROUP BY user_id, movie_id, facet
    -- the sorting key: no table of all opinions in memory
    SETTINGS optimize_aggregation_in_order = 1
) AS o
LEFT JOIN user_deletions AS d ON d.user_id = o.user_id
-- kinds RATED and WATCHED
WHERE bitAnd(bitShiftRight(o.facts, 4), 15) IN (1, 3)
  AND o.newest > ifNull(d.deletion, toUInt128(0));

CREATE VIEW IF NOT EXISTS current_ratings AS
SELECT
    user_id,
    movie_id,
    dictGetOrDefault('movie_titles', 'title', toUInt64(movie_id), '(unknown)') AS title,
    half_stars / 2 AS rating,
    ts AS rated_at
FROM current_opinions
WHERE facet = 'rating';

-- Everybody who has a profile or an opinion that stands.
CREATE VIEW IF NOT EXISTS users AS
SELECT
    user_id,
    any(gender) AS gender,
    any(year_of_birth) AS year_of_birth,
    sum(rated) AS ratings,
    sum(watched) AS watches,
    if(ratings = 0, NULL, sum(half_stars) / ratings / 2) AS average_rating
FROM
(
    SELECT user_id, NULL AS gender, NULL AS year_of_birth,
        toUInt64(facet = 'rating') AS rated, toUInt64(facet = 'watch') AS watched,
        if(facet = 'rating', o.half_stars, 0) AS half_stars
    FROM current_opinions AS o
    UNION ALL
    SELECT user_id, argMax(p.gender, p.kafka_offset) AS gender, argMax(p.year_of_birth, p.kafka_offset) AS year_of_birth,
        0 AS rated, 0 AS watched, 0 AS half_stars
    FROM user_profiles AS p
    GROUP BY user_id
    HAVING NOT argMax(p.deleted, p.kafka_offset)
)
GROUP BY user_id;

-- Every rating event that counts, one row each, with names.
CREATE VIEW IF NOT EXISTS ratings AS
SELECT
    e.user_id AS user_id,
    e.movie_id AS movie_id,
    dictGetOrDefault('movie_titles', 'title', toUInt64(e.movie_id), '(unknown)') AS title,
    e.release_year AS release_year,
    arrayMap(id -> dictGetOrDefault('genre_names', 'name', toUInt64(id), '(unknown)'), e.genre_ids) AS genres,
    arrayMap(id -> dictGetOrDefault('company_names', 'name', toUInt64(id), '(unknown)'), e.company_ids) AS companies,
    e.half_stars / 2 AS rating,
    e.ts AS ts,
    e.log_ts AS log_ts,
    e.late AS late,
    e.source AS source,
    e.slot AS slot,
    e.kafka_offset AS kafka_offset
FROM events_raw AS e
LEFT JOIN user_deletions AS d ON d.user_id = e.user_id
WHERE e.verdict = 'ok' AND e.kind = 'RATED'
  -- without a deletion the first comparison settles it, and the second is not worked out
  AND (e.log_ts > ifNull(d.deleted_at, fromUnixTimestamp64Milli(0, 'UTC'))
       OR (e.log_ts = d.deleted_at AND bitAnd(e.kafka_offset, 4294967295) > d.deleted_offset));
