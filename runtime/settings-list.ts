import { API_SETTINGS } from './api-settings.ts';
import { RECONCILER_SETTINGS } from './reconciler-settings.ts';
import {
  choice,
  decimal,
  flag,
  hostsAndPorts,
  integer,
  MAX_ID,
  named,
  optionalUrl,
  port,
  type SettingSpec,
  secret,
  text,
  url,
} from './setting-kinds.ts';

export type { SettingSpec } from './setting-kinds.ts';

const PYTHON_LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'WARN', 'ERROR', 'CRITICAL', 'FATAL'] as const;

/** Every setting of the project. Defaults fit the embedded stack; everything listens on 127.0.0.1. */
export const SETTINGS = {
  REELSTREAM_HOME: named(
    '.reelstream',
    'Folder of the embedded stack: data, logs, run files, unpacked programs',
  ),
  REELSTREAM_ENV_FILE: named(
    '.env',
    'File with more settings, from the folder the command is started in; /dev/null = none. From the environment alone',
  ),
  REELSTREAM_LOG_LEVEL: choice(
    ['debug', 'info', 'warn', 'error'],
    'info',
    'Least severe level that is logged',
  ),
  REELSTREAM_LISTEN_HOST: named(
    '127.0.0.1',
    'Address that a service listens on which is started by itself; what `start` and `up` run is on 127.0.0.1',
  ),
  REELSTREAM_METRICS: flag(
    true,
    'Count, and answer `/metrics`; false is for measuring what that costs: `/metrics` is answered with 404, so that Prometheus shows the service as down, and nothing else of it can be watched',
  ),
  REELSTREAM_STOP_TIMEOUT_MS: integer(30_000, 1_000, 600_000, 'Longest drain after a stop signal'),

  REELSTREAM_KAFKA_BROKERS: hostsAndPorts('127.0.0.1:{REELSTREAM_KAFKA_PORT}', 'Kafka addresses'),
  REELSTREAM_KAFKA_PORT: port(9092, 'Port of the embedded Kafka'),
  REELSTREAM_KAFKA_CONTROLLER_PORT: port(19_093, 'Controller port of the embedded Kafka'),
  REELSTREAM_KAFKA_SASL_MECHANISM: choice(
    ['none', 'plain', 'scram-sha-256', 'scram-sha-512'],
    'none',
    'How to log in to Kafka',
  ),
  REELSTREAM_KAFKA_SASL_USERNAME: text('', 'Kafka user'),
  REELSTREAM_KAFKA_SASL_PASSWORD: secret('Kafka password'),
  REELSTREAM_KAFKA_TLS: flag(false, 'Speak TLS to Kafka'),
  REELSTREAM_KAFKA_TLS_CA_FILE: text(
    '',
    "File (PEM) with the authorities that may have signed Kafka's certificate; empty = the public ones that Node knows",
  ),
  REELSTREAM_RATINGS_TOPIC: named('ratings', 'Topic of rating events'),
  REELSTREAM_RATINGS_PARTITIONS: integer(4, 1, 256, 'Partitions of the ratings topic when it is created'),
  REELSTREAM_USERS_TOPIC: named('users', 'Topic of user profiles'),
  REELSTREAM_DEAD_LETTER_TOPIC: named('ratings.dead-letter', 'Topic of records that could not be used'),

  REELSTREAM_REGISTRY_URL: url(
    'http://127.0.0.1:{REELSTREAM_REGISTRY_PORT}/apis/ccompat/v7',
    'Schema registry, Confluent API',
  ),
  REELSTREAM_REGISTRY_PORT: port(8081, 'Port of the embedded registry'),
  REELSTREAM_REGISTRY_USERNAME: text('', 'Registry user (basic auth)'),
  REELSTREAM_REGISTRY_PASSWORD: secret('Registry password (basic auth)'),

  REELSTREAM_CLICKHOUSE_URL: url(
    'http://127.0.0.1:{REELSTREAM_CLICKHOUSE_PORT}',
    'ClickHouse, HTTP interface',
  ),
  REELSTREAM_CLICKHOUSE_PORT: port(8123, 'Port of the embedded ClickHouse'),
  REELSTREAM_CLICKHOUSE_DATABASE: named('reelstream', 'Database'),
  REELSTREAM_CLICKHOUSE_USERNAME: named('default', 'ClickHouse user'),
  REELSTREAM_CLICKHOUSE_PASSWORD: secret('ClickHouse password'),
  REELSTREAM_CLICKHOUSE_READONLY_USERNAME: text(
    '',
    'Read-only user of the embedded ClickHouse; empty = none',
  ),
  REELSTREAM_CLICKHOUSE_READONLY_PASSWORD: secret('Password of the read-only user'),
  REELSTREAM_CLICKHOUSE_MEMORY_MB: integer(
    1_200,
    256,
    1_000_000,
    'Memory cap of the embedded ClickHouse engine',
  ),

  REELSTREAM_PROMETHEUS_PORT: port(9090, 'Port of the embedded Prometheus'),
  REELSTREAM_ALERTMANAGER_PORT: port(9093, 'Port of the embedded Alertmanager'),

  REELSTREAM_CONSOLE_PORT: port(8090, 'Console: dashboards, alerts, questions, recommendations'),
  REELSTREAM_CONSOLE_HOSTS: text(
    '',
    'Host names besides those of this machine that the console may be called by, separated by commas',
  ),
  REELSTREAM_PROMETHEUS_URL: url(
    'http://127.0.0.1:{REELSTREAM_PROMETHEUS_PORT}',
    'Prometheus that the console draws from',
  ),
  REELSTREAM_ALERTMANAGER_URL: url(
    'http://127.0.0.1:{REELSTREAM_ALERTMANAGER_PORT}',
    'Alertmanager whose alerts the console lists',
  ),
  REELSTREAM_RECOMMENDER_URL: url(
    'http://127.0.0.1:{REELSTREAM_RECOMMENDER_PORT}',
    'REST API that the console shows recommendations from',
  ),

  REELSTREAM_GRAFANA_PORT: port(3000, 'Port of Grafana, which docker compose alone runs'),
  REELSTREAM_GRAFANA_PASSWORD: secret("Password of Grafana's user admin, with docker compose"),
  REELSTREAM_ALERT_PROFILE: choice(
    ['production', 'demo'],
    'production',
    'Windows of the alert rules: minutes, or for a demonstration seconds in their place',
  ),
  REELSTREAM_ALERT_WEBHOOK_URL: optionalUrl('Where Alertmanager posts alerts; empty = nowhere'),
  REELSTREAM_ALERT_WEBHOOK_TOKEN_FILE: text('', 'File with the bearer token for it; empty = none'),
  REELSTREAM_ALERT_EMAIL_TO: text('', 'Who gets alerts by e-mail; empty = nobody'),
  REELSTREAM_ALERT_EMAIL_FROM: text('', 'Sender of these'),
  REELSTREAM_ALERT_SMTP_HOST: text('', 'Mail server, host:port'),
  REELSTREAM_ALERT_SMTP_USERNAME: text('', 'Mail user; empty = no log-in'),
  REELSTREAM_ALERT_SMTP_PASSWORD_FILE: text('', 'File with the password of the mail user'),
  REELSTREAM_ALERT_SLACK_URL_FILE: text('', 'File with the address of a Slack webhook; empty = none'),
  REELSTREAM_ALERT_HEARTBEAT_URL: optionalUrl(
    "Called every few minutes while alerting works, for a dead man's switch; empty = none",
  ),

  REELSTREAM_PRODUCER_METRICS_PORT: port(9401, 'Metrics and health of the producer'),
  REELSTREAM_PRODUCER_RATE: integer(1_000, 1, 10_000_000, 'Events per second'),
  REELSTREAM_PRODUCER_MAX_BACKLOG_EVENTS: integer(
    200_000,
    1_000,
    10_000_000,
    'Events that may wait for acknowledgement before the producer holds back',
  ),

  REELSTREAM_SINK_METRICS_PORT: port(9402, 'Metrics and health of the sink'),
  REELSTREAM_SINK_GROUP: named('reelstream-sink', 'Consumer group of the sink'),
  REELSTREAM_SINK_FLUSH_MIN_INTERVAL_MS: integer(250, 10, 60_000, 'Shortest age at which a batch is flushed'),
  REELSTREAM_SINK_FLUSH_MAX_INTERVAL_MS: integer(2_000, 10, 60_000, 'Longest age of a batch'),
  REELSTREAM_SINK_MAX_BATCH_ROWS: integer(100_000, 1, 1_000_000, 'Rows of one flush over all partitions'),
  REELSTREAM_SINK_MAX_BATCH_BYTES: integer(16_777_216, 65_536, 268_435_456, 'Encoded bytes of one flush'),
  REELSTREAM_SINK_INSERT_TIMEOUT_MS: integer(30_000, 1_000, 600_000, 'Longest wait for one INSERT'),
  REELSTREAM_SINK_DRAIN_TIMEOUT_MS: integer(
    20_000,
    1_000,
    600_000,
    'Longest wait for older inserts of a claimed slot; stays below the rebalance time-out',
  ),
  REELSTREAM_SINK_SESSION_TIMEOUT_MS: integer(30_000, 6_000, 600_000, 'Group membership without a heartbeat'),
  REELSTREAM_SINK_REBALANCE_TIMEOUT_MS: integer(60_000, 6_000, 600_000, 'Longest hand-over of partitions'),
  REELSTREAM_SINK_ALLOWED_LATENESS_MS: integer(
    86_400_000,
    0,
    Number.MAX_SAFE_INTEGER,
    'Event time older than this at its Kafka time is marked late (a column, never a drop)',
  ),
  REELSTREAM_SINK_MAX_RECORD_BYTES: integer(
    1_000_000,
    1_000,
    100_000_000,
    'Larger values are dead letters (too_large)',
  ),
  REELSTREAM_RECOMMENDER_PORT: port(8000, 'Recommender: REST API, health and metrics'),
  REELSTREAM_RECOMMENDER_INSTANCE: integer(
    0,
    0,
    9_999,
    'Number of this recommender: its folder below REELSTREAM_HOME, and the group that carries its lag',
  ),
  REELSTREAM_RECOMMENDER_SNAPSHOT_INTERVAL_MS: integer(
    300_000,
    1_000,
    86_400_000,
    'Longest time between two snapshots of the model while it learns',
  ),
  REELSTREAM_RECOMMENDER_SNAPSHOT_EVENTS: integer(
    200_000,
    100,
    1_000_000_000,
    'Records after which a snapshot is taken sooner: a restart learns at most so many again',
  ),
  REELSTREAM_RECOMMENDER_KEEP_SNAPSHOTS: integer(
    2,
    2,
    10_000,
    'Snapshots that are kept, with their journals',
  ),
  REELSTREAM_RECOMMENDER_REPLAY_CPU_PERCENT: integer(
    25,
    0,
    100,
    'Share of one core for going over old ratings while nothing waits to be learned; 0 = none',
  ),
  REELSTREAM_RECOMMENDER_WRITE_TIMEOUT_MS: integer(
    5_000,
    100,
    120_000,
    'Longest wait for Kafka to acknowledge a write of the API',
  ),
  ...API_SETTINGS,
  ...RECONCILER_SETTINGS,
  REELSTREAM_CATALOG_POLL_INTERVAL_MS: integer(
    10_000,
    100,
    3_600_000,
    'How often the sink looks for a new catalogue',
  ),
  REELSTREAM_CATALOG_METRICS_PORT: port(9405, 'Metrics and health of catalog watch'),
  REELSTREAM_CATALOG_MIN_CREDIBLE_DOLLARS: integer(
    1_000,
    1,
    1_000_000,
    'Budgets and revenues below this are taken as not known, with a flag',
  ),
  REELSTREAM_CATALOG_MAX_DOWNLOAD_MB: integer(2_000, 1, 100_000, 'Largest archive that a load fetches'),
  REELSTREAM_CATALOG_MAX_UNPACKED_MB: integer(
    8_000,
    1,
    1_000_000,
    'Largest archive unpacked, all entries together',
  ),
  REELSTREAM_S3_ENDPOINT: optionalUrl('S3 server; empty = Amazon'),
  REELSTREAM_S3_REGION: named('us-east-1', 'S3 region'),
  REELSTREAM_S3_PATH_STYLE: flag(
    false,
    'Bucket in the path instead of the host name, as MinIO and others want it',
  ),
  REELSTREAM_S3_ANONYMOUS: flag(false, 'Send no signature: public buckets'),
  REELSTREAM_S3_ACCESS_KEY_ID: text(
    '',
    'S3 access key; empty = where the AWS SDK looks (AWS_* variables, profile, role)',
  ),
  REELSTREAM_S3_SECRET_ACCESS_KEY: secret('S3 secret key'),

  REELSTREAM_RECOMMENDER_ENGINE: choice(
    ['blend', 'sgd', 'rows'],
    'blend',
    'How ratings are learned: gradient steps, row solves, or both side by side',
  ),
  REELSTREAM_RECOMMENDER_REPLAY_IN_PATH: flag(
    false,
    'Go over old ratings with every event too, not only while nothing waits to be learned',
  ),
  TOP_N: integer(20, 1, 1_000, 'Recommendations given when a request does not say how many'),
  STAT_MOVIE_USERS_LOWER_LIMIT: integer(5, 1, 1_000_000, 'Ratings a film needs before its average is shown'),
  MODEL_N_FACTORS: integer(50, 0, 1_000, 'Factors of a row: of sgd and svd'),
  MODEL_N_EPOCHS: integer(
    50,
    1,
    10_000,
    'Epochs of svd; for what learns online, how often replay visits a rating in all',
  ),
  MODEL_LR_ALL: decimal('0.008', 0, 1, 'Learning rate of svd; sgd takes its own rate times this over 0.008'),
  MODEL_REG_ALL: decimal('0.2', 0, 10, 'Regularisation of svd; sgd takes its own times this over 0.2'),

  MOVIES_MATCH_LOG_LEVEL: choice(
    PYTHON_LOG_LEVELS,
    'INFO',
    'As MoviesMatchDataGenerator: least severe level',
  ),
  MOVIES_MATCH_GENERATE_INTERVAL_SEC: decimal('60.0', 0, 86_400, 'As there: seconds between batches'),
  MOVIES_MATCH_GENERATE_INTERVAL_JITTER_SEC: decimal(
    '0',
    0,
    86_400,
    'As there: seconds more or less, at most',
  ),
  MOVIES_MATCH_RECORDS_TO_GENERATE: integer(1, 1, 10_000_000, 'As there: ratings in a batch'),
  MOVIES_MATCH_RECORDS_TO_GENERATE_JITTER: integer(
    0,
    0,
    10_000_000,
    'As there: ratings more or less, at most',
  ),
  MOVIES_MATCH_EXISTING_USERS_FIRST_ID: integer(1, 1, MAX_ID, 'As there: first id of existing users'),
  MOVIES_MATCH_EXISTING_USERS_LAST_ID: integer(270_896, 1, MAX_ID, 'As there: last id of existing users'),
  MOVIES_MATCH_NEW_USERS_FIRST_ID: integer(300_001, 1, MAX_ID, 'As there: first id of new users'),
  MOVIES_MATCH_NEW_USERS_LAST_ID: integer(300_300, 1, MAX_ID, 'As there: last id of new users'),
  MOVIES_MATCH_NEW_USER_RATING_PROB: decimal('0.5', 0, 1, 'As there: probability of a rating by a new user'),
  MOVIES_MATCH_MOVIES_RATINGS_DISTRIBUTION_FILE: named(
    'movies_ratings_distribution.csv',
    'As there: path of the distribution',
  ),
  MOVIES_MATCH_RANDOM_SEED: integer(0, 0, Number.MAX_SAFE_INTEGER, 'As there: 0 = another one each time'),
} as const satisfies Record<string, SettingSpec>;

export type SettingName = keyof typeof SETTINGS;
export type Settings = {
  readonly [K in SettingName]: (typeof SETTINGS)[K] extends SettingSpec<infer T> ? T : never;
};
