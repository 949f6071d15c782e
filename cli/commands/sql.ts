import { pipeline } from 'node:stream/promises';
import { action, type Configure } from '../command.ts';
import { connectReadOnly } from '../read-only.ts';

interface Options {
  readonly format?: string;
  readonly json?: boolean;
}

const HELP = `
Read-only: as REELSTREAM_CLICKHOUSE_READONLY_USERNAME where one is set (a user that may choose formats and limits:
readonly=2 in its profile), else with readonly=1. The database is REELSTREAM_CLICKHOUSE_DATABASE, so that tables need no
prefix. The answer is streamed, of any size.

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
        const { clickhouse, limits } = connectReadOnly(settings);
        try {
          const answer = await clickhouse.queryBytes(query, {
            settings: { default_format: format ?? (json ? 'JSON' : 'PrettyCompactMonoBlock'), ...limits },
          });
          await pipeline(answer, process.stdout, { end: false });
          return 0;
        } finally {
          await clickhouse.close();
        }
      }),
    );
};
