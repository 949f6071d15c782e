import { migrate, readMigrations } from '../../clickhouse/migrate.ts';
import { action, type Configure } from '../command.ts';
import { printJson, printLine } from '../print.ts';
import { clickHouseFrom, migrationsFolder } from '../wiring.ts';

const HELP = `
Files are applied in order of their numbers and never again; a file that was changed afterwards is refused.
Run it while no sink streams: rows that arrive between two files would miss a new aggregate until \`rebuild\`.`;

export const configure: Configure = (command) => {
  command
    .description('create or update the tables and views in REELSTREAM_CLICKHOUSE_DATABASE')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async ({ json }: { json?: boolean }, settings) => {
        const clickhouse = clickHouseFrom(settings);
        try {
          const result = await migrate(clickhouse, readMigrations(migrationsFolder));
          if (json) printJson(result);
          else {
            for (const name of result.applied) printLine(`applied ${name}`);
            printLine(`${result.applied.length} applied, ${result.alreadyThere.length} already there`);
          }
          return 0;
        } finally {
          await clickhouse.close();
        }
      }),
    );
};
