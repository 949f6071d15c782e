import { describeAggregates } from '../../clickhouse/aggregates.ts';
import { recoverSlot } from '../../clickhouse/recover.ts';
import { type DeepReport, recoverDeep } from '../../clickhouse/recover-deep.ts';
import { ownerOptions, underFence } from '../../clickhouse/under-fence.ts';
import { systemClock } from '../../core/clock.ts';
import { action, type Configure } from '../command.ts';
import { printJson, printLine, printTable } from '../print.ts';
import { chosenSlots, parseSlots } from '../slot-options.ts';
import { clickHouseFrom } from '../wiring.ts';

interface Options {
  readonly slots?: number[];
  readonly deep?: boolean;
  readonly json?: boolean;
}

const HELP = `
The sink does this by itself at every claim; by hand it is for tables that no sink reads at the moment. Each slot is taken
over for the time of its repair: a sink that streams claims it again afterwards.

  --deep also counts offsets one by one and compares control totals, and derives months anew that differ: for after an
  engine that lost rows it had acknowledged. Holes in events_raw are reported; only the log can fill them.

Exit codes: 0 nothing is left to repair, 1 events_raw has holes, 3 ClickHouse is away`;

const RECOVER_TIMEOUT_MS = 600_000;

export const configure: Configure = (command) => {
  command
    .description('bring every aggregate to exactly what events_raw says')
    .option('--slots <list>', 'only these slots (default all)', parseSlots)
    .option('--deep', 'also look for holes and wrong totals')
    .option('--json', 'print the repairs as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async (options: Options, settings) => {
        const clickhouse = clickHouseFrom(settings, { requestTimeoutMs: RECOVER_TIMEOUT_MS });
        try {
          const slots = await chosenSlots(clickhouse, options.slots);
          const owner = await ownerOptions(clickhouse, systemClock);
          const reports = options.deep ? await recoverDeep(owner, slots) : await recoverPlain(owner, slots);
          if (options.json) printJson(reports);
          else printReports(reports);
          return reports.some(({ gaps }) => gaps.length > 0) ? 1 : 0;
        } finally {
          await clickhouse.close();
        }
      }),
    );
};

async function recoverPlain(
  owner: Awaited<ReturnType<typeof ownerOptions>>,
  slots: readonly number[],
): Promise<DeepReport[]> {
  const aggregates = await describeAggregates(owner.clickhouse);
  const reports: DeepReport[] = [];
  for (const slot of slots) {
    const { repairs } = await underFence(owner, slot, (context) => recoverSlot(context, aggregates, slot));
    reports.push({ slot, gaps: [], repairs });
  }
  return reports;
}

function printReports(reports: readonly DeepReport[]): void {
  const rows = reports.flatMap(({ slot, repairs }) =>
    repairs.map(({ table, kind, rows }) => [slot, table, kind, rows]),
  );
  if (rows.length === 0) printLine(`nothing to repair in ${reports.length} slots`);
  else printTable(['slot', 'table', 'repair', 'rows of raw'], rows);
  for (const { slot, gaps } of reports) {
    for (const gap of gaps) printLine(`slot ${slot}: gap in events_raw: ${JSON.stringify(gap)}`);
  }
}
