-- Which files a catalogue was made from, kept for every version: counts for comparing source and table, the last month of each
-- price index for the title of every figure that rests on it, and what a server said about its copy, so that the next
-- look can ask whether it changed.
CREATE TABLE IF NOT EXISTS catalog_sources
(
    version           UInt32,
    loaded_at         DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'),
    role              LowCardinality(String) COMMENT 'movies, links, metadata or cpi',
    file_name         String,
    address           String COMMENT 'folder, archive or URL, without user, password and query',
    request_key       String COMMENT 'hash of everything the load was asked for, secrets included',
    revision          String COMMENT 'ETag or Last-Modified, empty = only the content tells',
    bytes             UInt64,
    sha256            String,
    rows_read         UInt64,
    rows_loaded       UInt64,
    rows_dropped      UInt64,
    rows_quarantined  UInt64,
    CONSTRAINT every_row_is_somewhere CHECK rows_read = rows_loaded + rows_dropped + rows_quarantined
)
ENGINE = MergeTree
ORDER BY (version, role, file_name);

-- What each price index covered at each load. A month whose figure differs from the load before was revised by its publisher.
CREATE TABLE IF NOT EXISTS catalog_cpi_coverage
(
    version         UInt32,
    series          LowCardinality(String),
    first_month     Date32,
    last_month      Date32,
    months          UInt32,
    missing_months  UInt32 COMMENT 'between first and last',
    revised_months  UInt32
)
ENGINE = MergeTree
ORDER BY (version, series);

ALTER TABLE load_reports
    COMMENT COLUMN outcome 'read = loaded + dropped + quarantined; of loaded rows also repaired, blanked (one field lost), noted';

CREATE VIEW IF NOT EXISTS cpi_coverage AS
SELECT series, first_month, last_month, months, missing_months, revised_months FROM catalog_cpi_coverage
WHERE version = (SELECT max(version) FROM catalog_versions);
