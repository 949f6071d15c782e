import { loadCatalogue } from '../../catalog/load.ts';
import { folderSource } from '../../catalog/sources/folder.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { migrate, readMigrations } from '../../clickhouse/migrate.ts';
import { systemClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import type { KafkaAdmin } from '../../kafka/admin.ts';
import type { Settings } from '../../runtime/settings.ts';
import { migrationsFolder, sampleFolder, topicsFrom } from '../wiring.ts';

/** Topics, tables and the sample catalogue; what is there already is left as it is. */
export async function prepareStores(
  settings: Settings,
  clickhouse: ClickHouse,
  admin: KafkaAdmin,
  say: (line: string) => void,
): Promise<void> {
  await admin.ensureTopics(topicsFrom(settings));
  const { applied } = await migrate(clickhouse, readMigrations(migrationsFolder));
  if (applied.length > 0) say(`tables: applied ${applied.length} files of DDL`);
  const catalogue = await loadCatalogue(await folderSource(sampleFolder), {
    clickhouse,
    clock: systemClock,
    logger: silentLogger,
    onProgress: () => {},
  });
  if (catalogue.status !== 'unchanged') {
    say(`catalogue: version ${catalogue.version}, ${catalogue.counts.movies} films`);
  }
}
