import { readQuestions } from '../../clickhouse/questions.ts';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { action, type Configure } from '../command.ts';
import { exportTo, type FileFormat, type Manifest } from '../export/export.ts';
import { chooseItems, exportItems } from '../export/items.ts';
import { createProgress, printJson, printLine, printTable } from '../print.ts';
import { projectVersion } from '../service-frame.ts';
import { clickHouseFrom, questionsFolder } from '../wiring.ts';

interface Options {
  readonly only?: readonly string[];
  readonly format: readonly FileFormat[];
  readonly force?: boolean;
  readonly json?: boolean;
}

const HELP = `
Writes tables/<name> and questions/<name>, and manifest.json last: rows, columns, bytes and SHA-256 of every file, the
statement with its parameters, the catalogue's version and the time that "now" was. A folder without a manifest is not a
whole export. Questions stand at their defaults, with as many rows as they allow; trending once for films, genres and
companies. The CSV and the Parquet file of an item hold the same rows, also while the stream goes on: each item is first
copied into a table of its own, so it needs a user who may create tables, and disk for the largest.

  reelstream export /tmp/reelstream
  reelstream export /tmp/reelstream --only films,highest-rated,trending --format csv --force`;

const EXPORT_TIMEOUT_MS = 3_600_000;

export const configure: Configure = (command) => {
  command
    .description('write every answer and every table as CSV and Parquet, with a manifest')
    .option('--only <names>', 'only these tables and questions, with commas between', parseNames)
    .option('--format <format>', 'csv, parquet or both', parseFormats, ['csv', 'parquet'] as const)
    .option('--force', 'write into a folder that is not empty; what an earlier export wrote is replaced')
    .option('--json', 'print the manifest')
    .addHelpText('after', HELP)
    .action(
      action(async ({ only, format, force = false, json }: Options, settings, folder: string) => {
        const { items, leftOut } = exportItems(readQuestions(questionsFolder));
        const chosen = chooseItems(items, only);
        const clickhouse = clickHouseFrom(settings, { requestTimeoutMs: EXPORT_TIMEOUT_MS });
        const progress = createProgress();
        try {
          const manifest = await exportTo(clickhouse, {
            folder,
            items: chosen,
            leftOut: only === undefined ? leftOut : [],
            formats: format,
            force,
            nowMs: systemClock.nowMs(),
            version: projectVersion(),
            onItem: (name, i, count) => progress.update(`${i + 1} of ${count}: ${name}`),
          });
          progress.done();
          if (json) printJson(manifest);
          else printManifest(manifest, folder);
          return 0;
        } finally {
          await clickhouse.close();
        }
      }),
    );
};

function printManifest({ items, leftOut, catalogVersion, asOf }: Manifest, folder: string): void {
  printTable(
    ['', 'name', 'rows', 'bytes', 'files'],
    items.map(({ kind, name, rows, files }) => [
      kind,
      name,
      rows,
      files.reduce((sum, { bytes }) => sum + bytes, 0),
      files.map(({ format }) => format).join(', '),
    ]),
  );
  printLine();
  for (const { name, reason } of leftOut) printLine(`not exported: ${name} (${reason})`);
  printLine(`${items.length} items under catalogue ${catalogVersion} as of ${asOf} in ${folder}`);
}

function parseNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new ReelstreamError('usage', `--only: "${text}" has an empty name`);
}

function parseFormats(text: string): FileFormat[] {
  if (text === 'both') return ['csv', 'parquet'];
  if (text === 'csv' || text === 'parquet') return [text];
  throw new ReelstreamError('usage', `--format: "${text}" is none of csv, parquet, both`);
}
