import { decimal, integer, list, port, type SettingSpec, text } from './setting-kinds.ts';

/** Settings of the reconciler: what it looks at, how often, and what it takes for wrong. */
export const RECONCILER_SETTINGS = {
  REELSTREAM_RECONCILER_METRICS_PORT: port(9404, 'Metrics and health of the reconciler'),
  REELSTREAM_RECONCILER_GROUPS: list(
    '{REELSTREAM_SINK_GROUP},reelstream-recommender-{REELSTREAM_RECOMMENDER_INSTANCE}',
    'Consumer groups that must be reading the ratings topic; one that stands still is missed',
  ),
  REELSTREAM_RECONCILER_LAG_INTERVAL_MS: integer(
    5_000,
    200,
    600_000,
    'How often lag is looked at, and the canaries that ClickHouse shows',
  ),
  REELSTREAM_RECONCILER_INTERVAL_MS: integer(
    30_000,
    500,
    3_600_000,
    'How often source and sink are compared and rows of closed periods counted',
  ),
  REELSTREAM_RECONCILER_CHECKS_INTERVAL_MS: integer(
    300_000,
    1_000,
    86_400_000,
    'How often the row-count checks run',
  ),
  REELSTREAM_RECONCILER_CANARY_INTERVAL_MS: integer(
    5_000,
    0,
    600_000,
    'Time between two canary events in every partition: freshness when nothing else flows; 0 = none',
  ),
  REELSTREAM_RECONCILER_DEADLINE_MS: integer(
    20_000,
    500,
    600_000,
    'Longest wait for one measure; the others go on',
  ),
  REELSTREAM_RECONCILER_CHECKS_FILE: text(
    '',
    'YAML file with row-count checks of your own, beside those of the table `checks`; empty = none',
  ),
  REELSTREAM_RECONCILER_TOLERANCE: decimal(
    '0',
    0,
    1,
    'Share by which log and tables may differ over the same offsets: 0, because delivery is exact',
  ),
  REELSTREAM_RECONCILER_DIP_THRESHOLD: decimal(
    '0.7',
    0,
    1,
    'Share of the expected rows below which a closed period is a dip',
  ),
  REELSTREAM_RECONCILER_MIN_ROWS: integer(
    1_000,
    0,
    Number.MAX_SAFE_INTEGER,
    'A closed period that expects fewer rows is not judged',
  ),
  REELSTREAM_RECONCILER_SETTLE_MS: integer(
    120_000,
    0,
    86_400_000,
    'How long after its end a period is counted: its last rows may still be on their way',
  ),
  REELSTREAM_RECONCILER_RANGE_RECORDS: integer(
    10_000_000,
    1_000,
    Number.MAX_SAFE_INTEGER,
    'Newest records of a partition that are counted in events_raw each time; aggregates are counted whole',
  ),
} as const satisfies Record<string, SettingSpec>;
