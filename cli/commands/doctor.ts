import { action, type Configure } from '../command.ts';
import { examineAll } from '../doctor/examine.ts';
import { printJson, printTable } from '../print.ts';
import { clickHouseFrom, kafkaAdminFrom } from '../wiring.ts';

export const configure: Configure = (command) => {
  command
    .description(
      'what is wrong, and what to do: processes, topics, tables, catalogue, lag, freshness, rows, checks',
    )
    .option('--json', 'print the findings as JSON')
    .addHelpText(
      'after',
      '\nChanges nothing. Exit codes: 0 nothing is bad (warnings may be there), 1 something is',
    )
    .action(
      action(async ({ json }: { json?: boolean }, settings) => {
        const clickhouse = clickHouseFrom(settings, { requestTimeoutMs: 10_000 });
        const admin = kafkaAdminFrom(settings, 'reelstream-doctor');
        try {
          const findings = await examineAll(settings, clickhouse, admin);
          if (json) printJson(findings);
          else
            printTable(
              ['', 'what', 'finding'],
              findings.map(({ health, what, detail }) => [health, what, detail]),
            );
          return findings.some(({ health }) => health === 'bad') ? 1 : 0;
        } finally {
          await Promise.allSettled([clickhouse.close(), admin.close()]);
        }
      }),
    );
};
