import type { Finding } from '../../catalog/findings.ts';
import type { LoadResult } from '../../catalog/load.ts';
import { printLine, printTable } from '../print.ts';

/** What a load did, as a person reads it. */
export function printResult(result: LoadResult): void {
  const { status, version, counts, files, findings, cpi, folder, elapsedMs } = result;
  if (status === 'unchanged') {
    printLine(`catalogue version ${version} was made from these very files: nothing to do`);
    return;
  }
  printTable(['catalogue', 'rows'], Object.entries(counts));
  printLine();
  printTable(
    ['file', 'read', 'loaded', 'dropped', 'quarantined'],
    files.map(({ name, rows }) => [name, rows.read, rows.loaded, rows.dropped, rows.quarantined]),
  );
  const remarks = findings.filter(({ reason }) => reason !== '');
  if (remarks.length > 0) {
    printLine();
    printTable(['file', 'outcome', 'field', 'reason', 'rows', 'lines'], remarks.map(remarkRow));
  }
  if (cpi.length > 0) {
    printLine();
    printTable(
      ['price index', 'from', 'to', 'months', 'missing', 'revised'],
      cpi.map((one) => [one.series, one.firstMonth, one.lastMonth, one.months, one.missing, one.revised]),
    );
  }
  printLine();
  if (folder) printLine(`quarantine file, error log and report: ${folder}`);
  printLine(`catalogue version ${version} is live after ${(elapsedMs / 1_000).toFixed(1)} s`);
}

function remarkRow({ file, outcome, field, reason, rows, lines }: Finding) {
  const shown =
    lines.slice(0, 3).join(', ') + (rows > lines.slice(0, 3).length && lines.length > 0 ? ', …' : '');
  return [file, outcome, field === '' ? '(row)' : field, reason, rows, shown];
}
