-- Which server and schema the protocol's assumptions were tried on, so that a start need not try them again.
CREATE TABLE IF NOT EXISTS self_tests
(
    server_version  String,
    schema_hash     String COMMENT 'tables, views and settings of the protocol',
    passed_at       DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (server_version, schema_hash);
