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

Exit codes: 0 exact, 1 something differs (the last lines say what to do), 3 ClickHouse is away`;

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

function printReport(report: AuditReport): void {
  const { exact, tables, gaps, rawRows, slots, sealed } = report;
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
  for (const one of sealed.differing) printLine(`sealed month: ${JSON.stringify(one)}`);
  const ofSealed = sealed.months > 0 ? `; ${sealed.months} sealed months of slots, by control totals` : '';
  printLine(`events_raw: ${rawRows.toLocaleString('en-US')} rows in ${slots.length} slots${ofSealed}`);
  printLine(exact ? 'exact' : 'NOT exact');
  for (const advice of adviceFor(report)) printLine(`- ${advice}`);
}

/** What helps, in the order in which to do it. */
export function adviceFor({ tables, gaps, unfinished, sealed }: AuditReport): string[] {
  const holes = [...new Set(gaps.map(({ slot }) => slot))].map((slot) => {
    const from = Math.min(...gaps.filter((gap) => gap.slot === slot).map((gap) => gap.from));
    return `slot ${slot} has a hole that only the log can fill: reelstream recover --rewind ${slot}:${from}`;
  });
  const isWhole = (slot: number) => gaps.every((gap) => gap.slot !== slot);
  const differs = tables.some(({ months }) => months.some(({ slot }) => isWhole(slot)));
  return [
    ...unfinished.map(
      (slot) => `slot ${slot} is in the middle of a swap: reelstream recover --slots ${slot}`,
    ),
    ...holes,
    ...(differs ? ['aggregates differ where raw is whole: reelstream recover --deep derives them anew'] : []),
    ...(sealed.differing.length > 0
      ? ['sealed months cannot be derived again: restore their aggregates from a backup']
      : []),
  ];
}
