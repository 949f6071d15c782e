import { pipeline } from 'node:stream/promises';
import { connectClickHouse } from '../../clickhouse/connection.ts';
import type { Settings } from '../../runtime/settings.ts';
import { action, type Configure } from '../command.ts';
import { clickHouseFrom } from '../wiring.ts';

interface Options {
  readonly format?: string;
  readonly json?: boolean;
}

const HELP = `
Read-only: as REELSTREAM_CLICKHOUSE_READONLY_USERNAME where one is set, else with readonly=1. The database is
REELSTREAM_CLICKHOUSE_DATABASE, so that tables need no prefix. The answer is streamed, of any size.

  reelstream sql "SELECT genre, sum(n) AS ratings FROM genre_ratings_by_minute GROUP BY genre ORDER BY ratings DESC"
  reelstream sql --format CSVWithNames "SELECT * FROM current_ratings WHERE user_id = 1" > opinions.csv`;

export const configure: Configure = (command) => {
  command
    .description('ask ClickHouse, read-only')
    .option('--format <name>', 'any output format of ClickHouse (default PrettyCompactMonoBlock)')
    .option('--json', 'the same as --format JSON')
    .addHelpText('after', HELP)
    .action(
      action(async ({ format, json }: Options, settings, query: string) => {
        const clickhouse = readOnlyClickHouse(settings);
        try {
          const answer = await clickhouse.queryBytes(query, {
            settings: { default_format: format ?? (json ? 'JSON' : 'PrettyCompactMonoBlock'), readonly: 1 },
          });
          await pipeline(answer, process.stdout, { end: false });
          return 0;
        } finally {
          await clickhouse.close();
        }
      }),
    );
};

function readOnlyClickHouse(settings: Settings) {
  const username = settings.REELSTREAM_CLICKHOUSE_READONLY_USERNAME;
  if (username === '') return clickHouseFrom(settings);
  return connectClickHouse({
    url: settings.REELSTREAM_CLICKHOUSE_URL,
    username,
    password: settings.REELSTREAM_CLICKHOUSE_READONLY_PASSWORD,
    database: settings.REELSTREAM_CLICKHOUSE_DATABASE,
  });
}
