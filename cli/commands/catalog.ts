import type { Finding } from '../../catalog/findings.ts';
import { type LoadResult, loadCatalogue } from '../../catalog/load.ts';
import { systemClock } from '../../core/clock.ts';
import { createLogger } from '../../runtime/logger.ts';
import type { Settings } from '../../runtime/settings.ts';
import { action, type Configure } from '../command.ts';
import { createProgress, printJson, printLine, printTable } from '../print.ts';
import { clickHouseFrom } from '../wiring.ts';

const HELP = `
The folder (or its direct subfolders) holds links.csv with movies.csv beside it (MovieLens), movies_metadata*.csv
(The Movies Dataset), and optionally CPI*.csv and CUSR*.csv (FRED). Films are joined through the links only.
Readers see the old catalogue until the new one is complete; a load that fails changes nothing; loading the same
files again does nothing. Rows that cannot be used are counted with line, field and reason in load_reports.

  reelstream catalog load data`;

export const configure: Configure = (command) => {
  command
    .command('load <dir>')
    .description('load films, links and price indices as the next version of the catalogue')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .exitOverride()
    .action(
      action(async ({ json }: { json?: boolean }, settings, folder: string) => {
        const result = await load(settings, folder);
        if (json) printJson(result);
        else printResult(result);
        return 0;
      }),
    );
};

async function load(settings: Settings, folder: string): Promise<LoadResult> {
  const progress = createProgress();
  const clickhouse = clickHouseFrom(settings);
  try {
    return await loadCatalogue(folder, {
      clickhouse,
      clock: systemClock,
      logger: createLogger({ level: settings.REELSTREAM_LOG_LEVEL, service: 'catalog', descriptor: 2 }),
      onProgress: progress.update,
    });
  } finally {
    progress.done();
    await clickhouse.close();
  }
}

function printResult(result: LoadResult): void {
  const { status, version, counts, findings, elapsedMs } = result;
  if (status === 'unchanged') {
    printLine(`catalogue version ${version} was made from these very files: nothing to do`);
    return;
  }
  printTable(['catalogue', 'rows'], Object.entries(counts));
  printLine();
  const troubles = findings.filter(({ reason }) => reason !== '');
  printTable(['file', 'outcome', 'field', 'reason', 'rows', 'lines'], troubles.map(troubleRow));
  printLine();
  printLine(`catalogue version ${version} is live after ${(elapsedMs / 1_000).toFixed(1)} s`);
}

function troubleRow({ file, outcome, field, reason, rows, lines }: Finding) {
  const shown = lines.slice(0, 3).join(', ') + (rows > 3 ? ', …' : '');
  return [file, outcome, field === '' ? '(row)' : field, reason, rows, shown];
}
