-- Who writes what: slots, ownership, where slots begin, sealed months, unfinished swaps. Small tables that only grow; readers take the newest row.

-- A slot stands for one Kafka partition of one incarnation of one topic in one cluster. A re-created topic or another
-- number of partitions is a new stream with new slots, so offsets of different logs never meet in one slot.
-- The deduplication window is what makes allocation safe between two processes: both name the same token, one row group lands.
CREATE TABLE IF NOT EXISTS streams
(
    stream_id        UInt32,
    cluster_id       String,
    topic            String,
    partition_count  UInt16,
    kafka_partition  UInt16,
    slot             UInt16,
    start_offset     Nullable(UInt64) COMMENT 'first offset that belongs to this slot, null = start of the log',
    opened_at        DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (cluster_id, topic, stream_id, kafka_partition)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- The newest epoch of a slot owns it: every INSERT carries its epoch and is refused once a newer one stands here.
-- Ordered by slot because each INSERT reads the rows of a few slots.
CREATE TABLE IF NOT EXISTS fence
(
    slot      UInt16,
    epoch     UInt64,
    owner     String,
    taken_at  DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (slot, epoch)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Where a slot began whose stream says "start of the log": the first offset ever sent for it, noted before that INSERT. A lost
-- head of raw shows against it, and a slot whose raw is lost altogether is read again from here. The newest row counts.
CREATE TABLE IF NOT EXISTS slot_starts
(
    slot          UInt16,
    first_offset  UInt64,
    noted_at      DateTime64(9, 'UTC') DEFAULT now64(9, 'UTC')
)
ENGINE = MergeTree
ORDER BY (slot, noted_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Months whose raw rows were dropped by retention: always all offsets of the slot up to last_offset, never a piece from the
-- middle. Their aggregates stay and nothing can be derived again, so their control totals are kept for the audit.
CREATE TABLE IF NOT EXISTS sealed_months
(
    slot          UInt16,
    ingest_month  UInt32,
    rows          UInt64 COMMENT 'raw rows that were dropped',
    last_offset   UInt64,
    totals        Map(String, UInt64) COMMENT 'aggregate -> sum(n) of the month, as raw and aggregate both said',
    sealed_at     DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (slot, ingest_month)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Swaps of one slot's month: a row before, a row after. An unfinished one is finished by whoever claims the slot next, because
-- the engine may die between putting the new parts in and taking the old ones out, and its owner between two tables.
CREATE TABLE IF NOT EXISTS rebuilds
(
    slot             UInt16,
    ingest_month     UInt32,
    tag              String COMMENT 'part of the names of the tables that hold the new rows',
    catalog_version  UInt32 COMMENT 'catalogue by which raw is rewritten, 0 = its ids stay',
    keep_below       Nullable(UInt64) COMMENT 'first offset that raw is cut at, null = raw keeps its rows',
    state            Enum8('swapping' = 1, 'done' = 2),
    noted_at         DateTime64(9, 'UTC') DEFAULT now64(9, 'UTC')
)
ENGINE = MergeTree
ORDER BY (slot, ingest_month, noted_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
