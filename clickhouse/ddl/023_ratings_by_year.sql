-- Ratings by year of event time, for questions about whole years and all time: at 25 million ratings a few hundred thousand
-- rows instead of the twenty-seven million that genres and films take by day. No histogram and no companies: nobody asks for
-- these over years, and every column costs the sink. Made and kept exact as the other aggregates are.
CREATE TABLE IF NOT EXISTS agg_ratings_year
(
    slot            UInt16,
    ingest_month    UInt32,
    dimension       Enum8('genre' = 1, 'company' = 2, 'movie' = 3),
    id              UInt32 COMMENT 'genre or film; 0 = not known',
    bucket          UInt16 COMMENT 'year of event time',
    share           UInt16 COMMENT 'number of genres of the film: a share of 1 / share each; 1 for films',
    n               SimpleAggregateFunction(sum, UInt64) COMMENT 'rating events',
    half_stars      SimpleAggregateFunction(sum, UInt64) COMMENT 'sum of half stars',
    users           AggregateFunction(groupBitmap, UInt32) COMMENT 'who rated: exact, and the same in any order of merging',
    applied_offset  SimpleAggregateFunction(max, UInt64),
    INDEX applied_offset_range applied_offset TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PARTITION BY (slot, ingest_month)
ORDER BY (dimension, id, bucket, share)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS agg_ratings_year_from_raw TO agg_ratings_year AS
SELECT
    slot,
    ingest_month,
    CAST(if(nth <= genres, 1, 3), 'Int8') AS dimension,
    id,
    year AS bucket,
    CAST(if(dimension = 1, genres, 1), 'UInt16') AS share,
    count() AS n,
    sum(stars) AS half_stars,
    groupBitmapState(user_id) AS users,
    max(kafka_offset) AS applied_offset
FROM
(
    SELECT
        slot,
        toYYYYMM(ingested_at) AS ingest_month,
        kafka_offset,
        user_id,
        half_stars AS stars,
        toYear(ts) AS year,
        length(genre_ids) AS genres,
        arrayConcat(genre_ids, [movie_id]) AS ids
    FROM events_raw
    WHERE verdict = 'ok' AND kind = 'RATED'
)
ARRAY JOIN
    ids AS id,
    arrayEnumerate(ids) AS nth
GROUP BY slot, ingest_month, dimension, id, bucket, share;

-- Months whose raw was dropped before this table came have nothing else left to be derived from. All others are filled from
-- raw by the next recovery.
INSERT INTO agg_ratings_year
SELECT slot, ingest_month, dimension, id, toYear(d.bucket) AS bucket, share,
    sum(d.n) AS n, sum(d.half_stars) AS half_stars, groupBitmapMergeState(d.users) AS users, max(d.applied_offset) AS applied_offset
FROM agg_ratings_day AS d
WHERE dimension != 'company'
  AND (slot, ingest_month) IN (SELECT slot, ingest_month FROM sealed_months)
  AND (slot, ingest_month) NOT IN (SELECT slot, ingest_month FROM agg_ratings_year)
GROUP BY slot, ingest_month, dimension, id, bucket, share;
