import { type MigrationResult, migrate, readMigrations } from '../../clickhouse/migrate.ts';
import type { Settings } from '../../runtime/settings.ts';
import { action, type Configure } from '../command.ts';
import { printJson, printLine } from '../print.ts';
import { clickHouseFrom, kafkaAdminFrom, migrationsFolder, topicsFrom } from '../wiring.ts';

interface Options {
  readonly topics?: boolean;
  readonly json?: boolean;
}

const HELP = `
Files are applied in order of their numbers and never again; a file that was changed afterwards is refused.
Run it while no sink streams: rows that arrive between two files would miss a new aggregate until \`rebuild\`.

  --topics also creates the topics that are missing: ratings with REELSTREAM_RATINGS_PARTITIONS, user profiles, dead
  letters. A topic that exists with other settings is refused.`;

export const configure: Configure = (command) => {
  command
    .description('create or update the tables and views in REELSTREAM_CLICKHOUSE_DATABASE')
    .option('--topics', 'create the Kafka topics as well')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async ({ topics, json }: Options, settings) => {
        const names = topics ? await ensureTopics(settings) : [];
        const tables = await migrateTables(settings);
        if (json) printJson({ ...tables, topics: names });
        else {
          if (topics) printLine(`topics: ${names.join(', ')}`);
          for (const name of tables.applied) printLine(`applied ${name}`);
          printLine(`${tables.applied.length} applied, ${tables.alreadyThere.length} already there`);
        }
        return 0;
      }),
    );
};

async function ensureTopics(settings: Settings): Promise<string[]> {
  const definitions = topicsFrom(settings);
  const admin = kafkaAdminFrom(settings, 'reelstream-migrate');
  try {
    await admin.ensureTopics(definitions);
    return definitions.map(({ name }) => name);
  } finally {
    await admin.close();
  }
}

async function migrateTables(settings: Settings): Promise<MigrationResult> {
  const clickhouse = clickHouseFrom(settings);
  try {
    return await migrate(clickhouse, readMigrations(migrationsFolder));
  } finally {
    await clickhouse.close();
  }
}
