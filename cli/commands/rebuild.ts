import { latestCatalogVersion } from '../../clickhouse/film-index.ts';
import { type OlderRows, rowsUnderOlderVersions } from '../../clickhouse/older-rows.ts';
import { parseMonth, rebuild } from '../../clickhouse/rebuild.ts';
import { ownerOptions } from '../../clickhouse/under-fence.ts';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { action, type Configure } from '../command.ts';
import { createProgress, printJson, printLine } from '../print.ts';
import { chosenSlots, parseSlots } from '../slot-options.ts';
import { clickHouseFrom } from '../wiring.ts';

interface Options {
  readonly slots?: number[];
  readonly catalog?: boolean;
  readonly from?: number;
  readonly to?: number;
  readonly json?: boolean;
}

const HELP = `
Works month by month beside the live tables and swaps each month in when it is ready: readers always see the old or the new
one, the sink goes on. Interrupted, it is simply started again. Months that retention has sealed stay as they are.

After a new catalogue, doctor tells how many rows came in under older ones. With --catalog, months whose rows all carry
the newest version are left alone, so that a second run costs nothing. A sink takes 10 s to notice a new catalogue: what it
wrote until then is told at the end, and done by running the same command again.

  reelstream rebuild                       aggregates again from events_raw
  reelstream rebuild --catalog             first rewrite genres, companies and years in events_raw by the newest catalogue
  reelstream rebuild --catalog --from 2026-01 --to 2026-03`;

const REBUILD_TIMEOUT_MS = 3_600_000;

export const configure: Configure = (command) => {
  command
    .description('derive the aggregates anew from events_raw, also under a newer catalogue')
    .option('--catalog', 'rewrite the film facts of events_raw by the newest catalogue first')
    .option('--from <month>', 'first month of ingest, as 2026-01', parseMonth)
    .option('--to <month>', 'last month of ingest', parseMonth)
    .option('--slots <list>', 'only these slots (default all)', parseSlots)
    .option('--json', 'print what was rebuilt as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async (options: Options, settings) => {
        const clickhouse = clickHouseFrom(settings, { requestTimeoutMs: REBUILD_TIMEOUT_MS });
        const progress = createProgress();
        try {
          const catalogVersion = options.catalog ? await latestCatalogVersion(clickhouse) : 0;
          if (options.catalog && catalogVersion === 0) {
            throw new ReelstreamError(
              'usage',
              'no catalogue is loaded: run reelstream catalog load <dir> first',
            );
          }
          const rebuilt = await rebuild({
            ...(await ownerOptions(clickhouse, systemClock)),
            slots: await chosenSlots(clickhouse, options.slots),
            catalogVersion,
            fromMonth: options.from ?? null,
            toMonth: options.to ?? null,
            onMonth: (slot, month) => progress.update(`slot ${slot}, month ${month}`),
          });
          progress.done();
          const months = { from: options.from ?? null, to: options.to ?? null };
          const older = options.catalog
            ? await rowsUnderOlderVersions(clickhouse, catalogVersion, months)
            : [];
          if (options.json) printJson({ catalogVersion, rebuilt, older });
          else printLine(summary(rebuilt.length, options.catalog ? catalogVersion : null, older));
          return 0;
        } finally {
          await clickhouse.close();
        }
      }),
    );
};

function summary(months: number, catalogVersion: number | null, older: readonly OlderRows[]): string {
  const done = `${months} months of slots rebuilt`;
  if (catalogVersion === null) return done;
  const left = older.reduce((sum, { rows }) => sum + rows, 0);
  const rest =
    left === 0
      ? 'no row is left under an older one'
      : `${left.toLocaleString('en-US')} rows are left under older ones (of other slots, or written by a sink that had not noticed yet): run it again`;
  return `${done} under catalogue ${catalogVersion}; ${rest}`;
}
