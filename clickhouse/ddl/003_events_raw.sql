-- Every record of the topic once, whatever its verdict, and the only ground from which aggregates are derived.
--
-- PARTITION BY (slot, month of ingest): one INSERT has one ingest time, so its rows of one slot are one part, and one part
-- is one rename: all or nothing. Partitioning by event time would spread a batch over many renames.
-- ORDER BY (slot, kafka_offset): the position is the last row of a slot, read from the end in milliseconds.
-- Retention (reelstream retain) drops whole months, the oldest offsets first, and never the newest rows of a slot; there is no
-- row TTL, because a position must not go back.
CREATE TABLE IF NOT EXISTS events_raw
(
    slot             UInt16,
    kafka_offset     UInt64 CODEC(Delta, LZ4),
    skipped_before   UInt64 COMMENT 'offsets that the log skipped before this one (transactions, compaction)',
    log_ts           DateTime64(3, 'UTC') COMMENT 'time at which Kafka appended the record' CODEC(Delta, LZ4),
    ingested_at      DateTime64(3, 'UTC') COMMENT 'one time for all rows of an INSERT',
    event_id         FixedString(16) COMMENT 'zeros where the record could not be read, as all facts below',
    value_hash       UInt64 COMMENT 'fingerprint of the bytes: tells a re-created topic from its predecessor' CODEC(NONE),
    bytes            UInt32,
    verdict          Enum8('ok' = 1, 'drop' = 2, 'dead_letter' = 3),
    reason           Enum8('none' = 0, 'bad_magic' = 1, 'unknown_schema' = 2, 'decode' = 3, 'trailing_bytes' = 4,
                           'domain' = 5, 'too_large' = 6, 'duplicate' = 20, 'canary' = 21),
    late             Bool COMMENT 'event time older than the allowed lateness when Kafka got it',
    kind             Enum8('NONE' = 0, 'RATED' = 1, 'UNRATED' = 2, 'WATCHED' = 3, 'UNWATCHED' = 4, 'USER_DELETED' = 5,
                           'CANARY' = 6),
    user_id          UInt32,
    movie_id         UInt32 COMMENT 'MovieLens id, 0 where the kind concerns no film',
    half_stars       UInt8 COMMENT 'rating times two, 0 to 10; 0 as well where the kind is not RATED',
    ts               DateTime64(3, 'UTC') COMMENT 'event time',
    source           LowCardinality(String),
    genre_ids        Array(UInt32) COMMENT 'of the film as known at ingest; [0] = not known, empty = no film',
    company_ids      Array(UInt32) COMMENT 'the same',
    release_year     UInt16,
    catalog_version  UInt32 COMMENT 'catalogue that gave the ids, 0 = none'
)
ENGINE = MergeTree
PARTITION BY (slot, toYYYYMM(ingested_at))
ORDER BY (slot, kafka_offset)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
