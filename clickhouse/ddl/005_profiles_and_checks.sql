-- The newest profile of each person, from the compacted topic users; a deletion is a row, so that it is not forgotten.
CREATE TABLE IF NOT EXISTS user_profiles
(
    user_id        UInt32,
    kafka_offset   UInt64,
    gender         Nullable(String),
    year_of_birth  Nullable(UInt16),
    ts             DateTime64(3, 'UTC'),
    deleted        Bool
)
ENGINE = ReplacingMergeTree(kafka_offset)
ORDER BY user_id
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Row-count checks as data: which table is compared with what, and how far it may fall.
CREATE TABLE IF NOT EXISTS checks
(
    name          String,
    table_name    LowCardinality(String),
    compared_to   LowCardinality(String) COMMENT 'source, yesterday, last_week',
    operator      LowCardinality(String) COMMENT 'at_least, at_most, equal, within',
    threshold     Float64 COMMENT 'percent of the expectation',
    minimum_rows  UInt64 COMMENT 'below this expectation the check says nothing',
    severity      LowCardinality(String) COMMENT 'ticket or page',
    enabled       Bool,
    changed_at    DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(changed_at)
ORDER BY name
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Their history, by check and time because that is how it is drawn.
CREATE TABLE IF NOT EXISTS check_results
(
    name          String,
    checked_at    DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'),
    period_start  DateTime('UTC'),
    period_end    DateTime('UTC'),
    value         Float64,
    expectation   Nullable(Float64) COMMENT 'null = no history yet',
    outcome       Enum8('passed' = 1, 'failed' = 2, 'skipped' = 3),
    detail        String
)
ENGINE = MergeTree
ORDER BY (name, checked_at);
