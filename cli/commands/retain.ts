import { type RetainedMonth, retain } from '../../clickhouse/retention.ts';
import { firstKeptMonth } from '../../clickhouse/retention-plan.ts';
import { ownerOptions } from '../../clickhouse/under-fence.ts';
import { systemClock } from '../../core/clock.ts';
import { action, type Configure, parseInteger } from '../command.ts';
import { printJson, printLine, printTable } from '../print.ts';
import { chosenSlots, parseSlots } from '../slot-options.ts';
import { clickHouseFrom } from '../wiring.ts';

interface Options {
  readonly keepMonths: number;
  readonly slots?: number[];
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const HELP = `
Seals old months and drops their rows of events_raw. Their aggregates stay, user_ratings and unique users among them, and
are left alone from then on: recover, rebuild and rewind cannot change them, audit compares their control totals. Nothing
runs this by itself: schedule it, for example monthly, after an audit. The sink may run; it claims each slot again.

  reelstream retain --keep-months 13 --dry-run
  reelstream retain --keep-months 13          this month of ingest and the twelve before it stay

What stays although it is old, and why:
  recent   among the newest 100,000 offsets of its slot: duplicates are told from them
  overlap  it shares offsets with a month that stays (clocks of two sinks differed)
  behind   offsets before it stay
  hole     offsets are missing up to it: fill them first, see reelstream recover --rewind
  differs  an aggregate has another total than events_raw: see reelstream audit

Exit codes: 0 done, 1 a month stays because of a hole or a difference, 3 ClickHouse is away`;

const RETAIN_TIMEOUT_MS = 3_600_000;

export const configure: Configure = (command) => {
  command
    .description('drop raw rows that are older than a number of months; the aggregates stay')
    .requiredOption(
      '--keep-months <n>',
      'months of ingest that keep their raw rows, this one included',
      parseInteger('--keep-months', 1, 1_200),
    )
    .option('--slots <list>', 'only these slots (default all)', parseSlots)
    .option('--dry-run', 'change nothing, only say what would be done')
    .option('--json', 'print the months as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async ({ keepMonths, slots, dryRun = false, json }: Options, settings) => {
        const clickhouse = clickHouseFrom(settings, { requestTimeoutMs: RETAIN_TIMEOUT_MS });
        try {
          const beforeMonth = firstKeptMonth(systemClock.nowMs(), keepMonths);
          const months = await retain({
            ...(await ownerOptions(clickhouse, systemClock)),
            slots: await chosenSlots(clickhouse, slots),
            beforeMonth,
            dryRun,
          });
          if (json) printJson({ beforeMonth, dryRun, months });
          else printMonths(months, { beforeMonth, dryRun });
          return months.some(({ outcome }) => outcome === 'hole' || outcome === 'differs') ? 1 : 0;
        } finally {
          await clickhouse.close();
        }
      }),
    );
};

function printMonths(
  months: readonly RetainedMonth[],
  { beforeMonth, dryRun }: { readonly beforeMonth: number; readonly dryRun: boolean },
): void {
  if (months.length > 0) {
    printTable(
      ['slot', 'month', 'rows', 'first offset', 'last offset', dryRun ? 'would be' : 'outcome'],
      months.map(({ slot, month, rows, first, last, outcome }) => [
        slot,
        String(month),
        rows,
        first,
        last,
        outcome === 'sealed' ? outcome : `kept: ${outcome}`,
      ]),
    );
  }
  const sealed = months.filter(({ outcome }) => outcome === 'sealed');
  const rows = sealed.reduce((sum, one) => sum + one.rows, 0);
  const [would, are] = dryRun ? ['would be ', 'would be '] : ['', 'are '];
  printLine(
    `of ${months.length} months before ${beforeMonth} ${sealed.length} ${are}sealed, ` +
      `${rows.toLocaleString('en-US')} rows of events_raw ${would}dropped`,
  );
}
