-- Aggregates, each with its materialised view directly on events_raw: raw is committed first, then the views.
--
-- Common to all: PARTITION BY (slot, month of ingest), so that an INSERT gives one part per slot and a rebuild can swap one
-- slot's month. A part never mixes slots, therefore slot and month are not in the sorting keys, which then serve the readers.
-- applied_offset is the highest offset that contributed, committed by the same rename as the sums: recovery reads it, with
-- the minmax index, instead of trusting anything outside the table. n is the control total. Integers only: sums of floats
-- depend on the order of addition and could not be compared with a recomputation.
-- A view is a function of the raw row alone: no clock, no dictionary, no join. Readers always GROUP BY: merging is lazy.
-- The views' keys are unique within a block (or merge harmlessly), so the sink switches optimize_on_insert off.

-- What the pipeline did, canaries and dead letters included: the row counts. By minute of Kafka's time.
CREATE TABLE IF NOT EXISTS agg_pipeline_minute
(
    slot            UInt16,
    ingest_month    UInt32,
    minute          DateTime('UTC'),
    verdict         Enum8('ok' = 1, 'drop' = 2, 'dead_letter' = 3),
    reason          Enum8('none' = 0, 'bad_magic' = 1, 'unknown_schema' = 2, 'decode' = 3, 'trailing_bytes' = 4,
                          'domain' = 5, 'too_large' = 6, 'duplicate' = 20, 'canary' = 21),
    n               SimpleAggregateFunction(sum, UInt64) COMMENT 'records',
    bytes           SimpleAggregateFunction(sum, UInt64),
    skipped         SimpleAggregateFunction(sum, UInt64) COMMENT 'offsets that the log skipped',
    late            SimpleAggregateFunction(sum, UInt64),
    delay_ms        SimpleAggregateFunction(sum, Int64) COMMENT 'Kafka time to ingest time, summed',
    max_delay_ms    SimpleAggregateFunction(max, Int64),
    applied_offset  SimpleAggregateFunction(max, UInt64),
    INDEX applied_offset_range applied_offset TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PARTITION BY (slot, ingest_month)
ORDER BY (minute, verdict, reason)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS agg_pipeline_minute_from_raw TO agg_pipeline_minute AS
SELECT
    slot,
    ingest_month,
    minute,
    verdict,
    reason,
    count() AS n,
    sum(record_bytes) AS bytes,
    sum(skipped_before) AS skipped,
    countIf(is_late) AS late,
    sum(record_delay_ms) AS delay_ms,
    max(record_delay_ms) AS max_delay_ms,
    max(kafka_offset) AS applied_offset
FROM
(
    SELECT
        slot,
        toYYYYMM(ingested_at) AS ingest_month,
        kafka_offset,
        toStartOfMinute(log_ts) AS minute,
        verdict,
        reason,
        bytes AS record_bytes,
        skipped_before,
        late AS is_late,
        toUnixTimestamp64Milli(ingested_at) - toUnixTimestamp64Milli(log_ts) AS record_delay_ms
    FROM events_raw
)
GROUP BY slot, ingest_month, minute, verdict, reason;

-- Ratings as they arrive, by genre, company and film. A new dimension is one more array in the concatenation of both views.
-- A film's rating counts whole in each of its genres; share lets readers give each genre its fraction instead, from integers.
-- Users are a roaring bitmap and not a sketch: about the cost of uniqCombined(12), at most 2 bytes per rating and dimension,
-- and exact, so that a recomputation is equal and not just close. Genres by minute, companies and films by hour of Kafka's time.
-- Ordered by time before id: what is asked of it is the last hour, and a part holds a month of ingest.
CREATE TABLE IF NOT EXISTS agg_ratings_live
(
    slot            UInt16,
    ingest_month    UInt32,
    dimension       Enum8('genre' = 1, 'company' = 2, 'movie' = 3),
    id              UInt32 COMMENT 'genre, company or film; 0 = not known',
    bucket          DateTime('UTC') COMMENT 'genre: minute, company and movie: hour of Kafka time',
    share           UInt16 COMMENT 'number of genres (companies) of the film: a share of 1 / share each; 1 for films',
    n               SimpleAggregateFunction(sum, UInt64) COMMENT 'rating events',
    half_stars      SimpleAggregateFunction(sum, UInt64) COMMENT 'sum of half stars',
    h0              SimpleAggregateFunction(sum, UInt64),
    h1              SimpleAggregateFunction(sum, UInt64),
    h2              SimpleAggregateFunction(sum, UInt64),
    h3              SimpleAggregateFunction(sum, UInt64),
    h4              SimpleAggregateFunction(sum, UInt64),
    h5              SimpleAggregateFunction(sum, UInt64),
    h6              SimpleAggregateFunction(sum, UInt64),
    h7              SimpleAggregateFunction(sum, UInt64),
    h8              SimpleAggregateFunction(sum, UInt64),
    h9              SimpleAggregateFunction(sum, UInt64),
    h10             SimpleAggregateFunction(sum, UInt64),
    users           AggregateFunction(groupBitmap, UInt32) COMMENT 'who rated: exact, and the same in any order of merging',
    applied_offset  SimpleAggregateFunction(max, UInt64),
    INDEX applied_offset_range applied_offset TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PARTITION BY (slot, ingest_month)
ORDER BY (dimension, bucket, id, share)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS agg_ratings_live_from_raw TO agg_ratings_live AS
SELECT
    slot,
    ingest_month,
    CAST(multiIf(nth <= genres, 1, nth <= genres + companies, 2, 3), 'Int8') AS dimension,
    id,
    if(dimension = 1, minute, toStartOfHour(minute)) AS bucket,
    CAST(multiIf(dimension = 1, genres, dimension = 2, companies, 1), 'UInt16') AS share,
    count() AS n,
    sum(stars) AS half_stars,
    countIf(stars = 0) AS h0,
    countIf(stars = 1) AS h1,
    countIf(stars = 2) AS h2,
    countIf(stars = 3) AS h3,
    countIf(stars = 4) AS h4,
    countIf(stars = 5) AS h5,
    countIf(stars = 6) AS h6,
    countIf(stars = 7) AS h7,
    countIf(stars = 8) AS h8,
    countIf(stars = 9) AS h9,
    countIf(stars = 10) AS h10,
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
        toStartOfMinute(log_ts) AS minute,
        length(genre_ids) AS genres,
        length(company_ids) AS companies,
        arrayConcat(genre_ids, company_ids, [movie_id]) AS ids
    FROM events_raw
    WHERE verdict = 'ok' AND kind = 'RATED'
)
ARRAY JOIN
    ids AS id,
    arrayEnumerate(ids) AS nth
GROUP BY slot, ingest_month, dimension, id, bucket, share;

-- The same by day of event time: when people rated, not when the record arrived. Ordered by id: asked for one film's history.
CREATE TABLE IF NOT EXISTS agg_ratings_day
(
    slot            UInt16,
    ingest_month    UInt32,
    dimension       Enum8('genre' = 1, 'company' = 2, 'movie' = 3),
    id              UInt32 COMMENT 'genre, company or film; 0 = not known',
    bucket          Date COMMENT 'day of event time',
    share           UInt16 COMMENT 'number of genres (companies) of the film: a share of 1 / share each; 1 for films',
    n               SimpleAggregateFunction(sum, UInt64) COMMENT 'rating events',
    half_stars      SimpleAggregateFunction(sum, UInt64) COMMENT 'sum of half stars',
    h0              SimpleAggregateFunction(sum, UInt64),
    h1              SimpleAggregateFunction(sum, UInt64),
    h2              SimpleAggregateFunction(sum, UInt64),
    h3              SimpleAggregateFunction(sum, UInt64),
    h4              SimpleAggregateFunction(sum, UInt64),
    h5              SimpleAggregateFunction(sum, UInt64),
    h6              SimpleAggregateFunction(sum, UInt64),
    h7              SimpleAggregateFunction(sum, UInt64),
    h8              SimpleAggregateFunction(sum, UInt64),
    h9              SimpleAggregateFunction(sum, UInt64),
    h10             SimpleAggregateFunction(sum, UInt64),
    users           AggregateFunction(groupBitmap, UInt32) COMMENT 'who rated: exact, and the same in any order of merging',
    applied_offset  SimpleAggregateFunction(max, UInt64),
    INDEX applied_offset_range applied_offset TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PARTITION BY (slot, ingest_month)
ORDER BY (dimension, id, bucket, share)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS agg_ratings_day_from_raw TO agg_ratings_day AS
SELECT
    slot,
    ingest_month,
    CAST(multiIf(nth <= genres, 1, nth <= genres + companies, 2, 3), 'Int8') AS dimension,
    id,
    day AS bucket,
    CAST(multiIf(dimension = 1, genres, dimension = 2, companies, 1), 'UInt16') AS share,
    count() AS n,
    sum(stars) AS half_stars,
    countIf(stars = 0) AS h0,
    countIf(stars = 1) AS h1,
    countIf(stars = 2) AS h2,
    countIf(stars = 3) AS h3,
    countIf(stars = 4) AS h4,
    countIf(stars = 5) AS h5,
    countIf(stars = 6) AS h6,
    countIf(stars = 7) AS h7,
    countIf(stars = 8) AS h8,
    countIf(stars = 9) AS h9,
    countIf(stars = 10) AS h10,
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
        toDate(ts) AS day,
        length(genre_ids) AS genres,
        length(company_ids) AS companies,
        arrayConcat(genre_ids, company_ids, [movie_id]) AS ids
    FROM events_raw
    WHERE verdict = 'ok' AND kind = 'RATED'
)
ARRAY JOIN
    ids AS id,
    arrayEnumerate(ids) AS nth
GROUP BY slot, ingest_month, dimension, id, bucket, share;

-- The current opinion of each person about each film. Three facets, because a watch does not replace a rating: the newest
-- event of a facet stands, a withdrawal included. A deletion is a row of film 0; readers hide what lies before it.
-- An opinion is one number, so that max is the newest: Kafka time in ms (44 bits), low bits of the offset (32), event time in
-- ms (44), kind (4), half stars (4). Kafka's time comes first because a person moves to another Kafka partition when a topic
-- grows, and offsets of two partitions say nothing about before and after; within a millisecond the offset decides.
-- As a tuple it took five times as long to read, as a state ten times as long to write. One row per event, merged by the
-- engine: grouping in the view would cost more than it saves, an event rarely meets its own key within a batch.
CREATE TABLE IF NOT EXISTS user_ratings
(
    slot            UInt16,
    ingest_month    UInt32,
    user_id         UInt32,
    movie_id        UInt32,
    facet           Enum8('rating' = 1, 'watch' = 2, 'deletion' = 3),
    n               SimpleAggregateFunction(sum, UInt64) COMMENT 'events',
    opinion         SimpleAggregateFunction(max, UInt128),
    applied_offset  SimpleAggregateFunction(max, UInt64),
    INDEX applied_offset_range applied_offset TYPE minmax GRANULARITY 1,
    INDEX facets facet TYPE set(3) GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PARTITION BY (slot, ingest_month)
ORDER BY (user_id, movie_id, facet)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS user_ratings_from_raw TO user_ratings AS
SELECT
    slot,
    toYYYYMM(ingested_at) AS ingest_month,
    user_id,
    movie_id,
    CAST(multiIf(kind IN ('RATED', 'UNRATED'), 1, kind IN ('WATCHED', 'UNWATCHED'), 2, 3), 'Int8') AS facet,
    toUInt64(1) AS n,
    bitOr(
        bitShiftLeft(toUInt128(toUnixTimestamp64Milli(log_ts)), 84),
        bitOr(
            bitShiftLeft(toUInt128(bitAnd(kafka_offset, 4294967295)), 52),
            toUInt128(toUInt64(toUnixTimestamp64Milli(ts)) * 256 + toUInt8(kind) * 16 + half_stars))) AS opinion,
    kafka_offset AS applied_offset
FROM events_raw
WHERE verdict = 'ok' AND kind NOT IN ('NONE', 'CANARY');
