import { join } from 'node:path';
import { loadCatalogue } from '../catalog/load.ts';
import { folderSource } from '../catalog/sources/folder.ts';
import { type ClickHouse, connectClickHouse } from '../clickhouse/connection.ts';
import { migrate, readMigrations } from '../clickhouse/migrate.ts';
import { systemClock } from '../core/clock.ts';
import { silentLogger } from '../core/logger.ts';
import { projectRoot } from '../runtime/environment.ts';
import type { BenchStack } from './bench-stack.ts';
import { measureRise, type Rise } from './rise.ts';

/**
 * The peer of the sink: ClickHouse's own Kafka engine decodes the same topic into the same raw table, from which the same
 * views fill the same aggregates, in a database of its own. It gives at least once, no verdicts, no dead letters and no
 * duplicate window; the film's ids come from a dictionary in memory.
 */
export async function benchKafkaEngine(
  stack: BenchStack,
  events: number,
): Promise<Rise<'clickhouse' | 'kafka'>> {
  const clickhouse = connectClickHouse({ url: stack.settings.REELSTREAM_CLICKHOUSE_URL, database: 'peer' });
  try {
    await prepare(clickhouse);
    await clickhouse.command(queueTable(stack));
    await clickhouse.command(QUEUE_TO_RAW);
    const rise = await measureRise(clickhouse, events, ['clickhouse', 'kafka'], stack.cpuSeconds);
    await clickhouse.command('DROP TABLE ratings_queue SYNC');
    return rise;
  } finally {
    await clickhouse.close();
  }
}

async function prepare(clickhouse: ClickHouse): Promise<void> {
  await migrate(clickhouse, readMigrations(join(projectRoot, 'clickhouse', 'ddl')));
  await loadCatalogue(await folderSource(join(projectRoot, 'data')), {
    clickhouse,
    clock: systemClock,
    logger: silentLogger,
    onProgress: () => {},
  });
  await clickhouse.command(FILM_IDS);
  await clickhouse.command('SYSTEM RELOAD DICTIONARY film_ids');
}

const FILM_IDS = `
CREATE DICTIONARY film_ids
(
    movie_id     UInt64,
    genre_ids    Array(UInt32),
    company_ids  Array(UInt32),
    release_year UInt16
)
PRIMARY KEY movie_id
SOURCE(CLICKHOUSE(TABLE 'movies' WHERE 'movie_id > 0'))
LAYOUT(HASHED())
LIFETIME(0)`;

/** Two consumers with a thread each and large blocks: the fastest of the settings tried. The addresses are this bench's own. */
function queueTable({ settings }: BenchStack): string {
  return `
CREATE TABLE ratings_queue
(
    event_id FixedString(16),
    user_id  Int32,
    movie_id Int32,
    kind     String,
    rating   Nullable(Float32),
    ts       DateTime64(3, 'UTC'),
    source   String
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '${settings.REELSTREAM_KAFKA_BROKERS}',
    kafka_topic_list = '${settings.REELSTREAM_RATINGS_TOPIC}',
    kafka_group_name = 'bench-kafka-engine',
    kafka_format = 'AvroConfluent',
    format_avro_schema_registry_url = '${settings.REELSTREAM_REGISTRY_URL}',
    kafka_num_consumers = 2,
    kafka_thread_per_consumer = 1,
    kafka_max_block_size = 262144,
    kafka_poll_max_batch_size = 65536`;
}

const QUEUE_TO_RAW = `
CREATE MATERIALIZED VIEW ratings_queue_to_raw TO events_raw AS
SELECT
    toUInt16(_partition) AS slot,
    _offset AS kafka_offset,
    toUInt64(0) AS skipped_before,
    assumeNotNull(_timestamp_ms) AS log_ts,
    now64(3, 'UTC') AS ingested_at,
    event_id,
    toUInt64(0) AS value_hash,
    toUInt32(0) AS bytes,
    'ok' AS verdict,
    'none' AS reason,
    false AS late,
    kind,
    toUInt32(user_id) AS user_id,
    toUInt32(movie_id) AS movie_id,
    toUInt8(ifNull(rating, 0) * 2) AS half_stars,
    ts,
    source,
    dictGetOrDefault('film_ids', 'genre_ids', toUInt64(movie_id), [toUInt32(0)]) AS genre_ids,
    dictGetOrDefault('film_ids', 'company_ids', toUInt64(movie_id), [toUInt32(0)]) AS company_ids,
    dictGetOrDefault('film_ids', 'release_year', toUInt64(movie_id), toUInt16(0)) AS release_year,
    toUInt32(1) AS catalog_version
FROM ratings_queue`;
