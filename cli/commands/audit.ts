import { type AuditReport, audit } from '../../clickhouse/audit.ts';
import { action, type Configure } from '../command.ts';
import { printJson, printLine, printTable } from '../print.ts';
import { chosenSlots, parseSlots } from '../slot-options.ts';
import { clickHouseFrom } from '../wiring.ts';

interface Options {
  readonly slots?: number[];
  readonly json?: boolean;
}

const HELP = `
Clones the tables by hard links, recovers the clones as after a crash and compares every aggregate, key by key, with its
view recomputed over events_raw. Streaming goes on; the live tables are not touched.

Exit codes: 0 exact, 1 something differs, 3 ClickHouse is away`;

const AUDIT_TIMEOUT_MS = 600_000;

export const configure: Configure = (command) => {
  command
    .description(
      'prove that every aggregate equals its recomputation over events_raw, and that raw has every offset once',
    )
    .option('--slots <list>', 'only these slots (default all)', parseSlots)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async ({ slots, json }: Options, settings) => {
        const clickhouse = clickHouseFrom(settings, { requestTimeoutMs: AUDIT_TIMEOUT_MS });
        try {
          const report = await audit(clickhouse, await chosenSlots(clickhouse, slots));
          if (json) printJson(report);
          else printReport(report);
          return report.exact ? 0 : 1;
        } finally {
          await clickhouse.close();
        }
      }),
    );
};

function printReport({ exact, tables, gaps, unfinished, rawRows, slots }: AuditReport): void {
  printTable(
    ['table', 'rows', 'keys', 'differing', 'verdict'],
    tables.map(({ table, rows, keys, differing }) => [
      table,
      rows,
      keys,
      differing,
      differing === 0 ? 'exact' : 'DIFFERS',
    ]),
  );
  printLine();
  for (const { table, examples } of tables) for (const example of examples) printLine(`${table}: ${example}`);
  for (const gap of gaps) printLine(`gap in events_raw: ${JSON.stringify(gap)}`);
  for (const slot of unfinished) printLine(`slot ${slot} is in the middle of a swap: run reelstream recover`);
  printLine(`events_raw: ${rawRows.toLocaleString('en-US')} rows in ${slots.length} slots`);
  printLine(exact ? 'exact' : 'NOT exact: reelstream recover --deep repairs what raw can tell');
}
