import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { loadCatalogue } from '../../../catalog/load.ts';
import { folderSource } from '../../../catalog/sources/folder.ts';
import type { ClickHouse } from '../../../clickhouse/connection.ts';
import { migrate } from '../../../clickhouse/migrate.ts';
import { systemClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { projectRoot } from '../../../runtime/environment.ts';
import { migrations } from '../fixture.ts';

export const sampleFolder = join(projectRoot, 'data');

/** Tables, the sample catalogue, and every sample rating as the sink would have written it, with event time as in the file. */
export async function loadSample(clickhouse: ClickHouse): Promise<void> {
  await migrate(clickhouse, migrations);
  await loadCatalogue(await folderSource(sampleFolder), {
    clickhouse,
    clock: systemClock,
    logger: silentLogger,
  });
  await clickhouse.command(
    'CREATE TABLE sample_ratings (user_id UInt32, movie_id UInt32, rating Float64, ts UInt32) ENGINE = Memory',
  );
  const file = createReadStream(join(sampleFolder, 'ml-latest-small/ratings.csv'));
  await clickhouse.insertBytes('INSERT INTO sample_ratings FORMAT CSVWithNames', file, {
    settings: { input_format_with_names_use_header: 0 },
  });
  await clickhouse.command(`
    INSERT INTO events_raw (slot, kafka_offset, log_ts, ingested_at, event_id, verdict, reason, kind, user_id, movie_id,
      half_stars, ts, source, genre_ids, company_ids, release_year, catalog_version)
    SELECT 0, rowNumberInAllBlocks(), toDateTime64('2020-01-01 00:00:00', 3, 'UTC') + intDiv(rowNumberInAllBlocks(), 1000),
      toDateTime64('2020-01-02 00:00:00', 3, 'UTC'), unhex(leftPad(hex(rowNumberInAllBlocks()), 32, '0')), 'ok', 'none', 'RATED',
      r.user_id, r.movie_id, toUInt8(r.rating * 2), toDateTime64(r.ts, 3, 'UTC'), 'sample',
      m.genre_ids, m.company_ids, m.release_year, 1
    FROM sample_ratings AS r LEFT JOIN movies AS m ON m.movie_id = r.movie_id
    SETTINGS max_insert_block_size = 200000, min_insert_block_size_rows = 200000, max_block_size = 200000,
      max_partitions_per_insert_block = 0`);
  await clickhouse.command('DROP TABLE sample_ratings');
}
