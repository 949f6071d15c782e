/** Answers go to stdout, progress and errors to stderr. */
export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? v.toString() : v), 2)}\n`);
}

export type Cell = string | number | bigint | boolean | null;

/** A table with aligned columns; numbers to the right. */
export function printTable(columns: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const texts = rows.map((row) => row.map(cellText));
  const widths = columns.map((name, i) => Math.max(name.length, ...texts.map((row) => row[i]?.length ?? 0)));
  const isNumber = columns.map((_, i) => rows.every((row) => ['number', 'bigint'].includes(typeof row[i])));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  printLine(line(columns));
  printLine(widths.map((width) => '-'.repeat(width)).join('  '));
  for (const row of texts) printLine(line(row));
}

function cellText(cell: Cell): string {
  if (cell === null) return '-';
  if (typeof cell === 'number' && !Number.isInteger(cell)) return cell.toFixed(2);
  if (typeof cell === 'number' || typeof cell === 'bigint') return cell.toLocaleString('en-US');
  return String(cell);
}

export interface Progress {
  /** replaces the line on a terminal; elsewhere prints at most one line every 10 s */
  update(text: string): void;
  /** leaves the last line standing */
  done(text?: string): void;
}

const QUIET_INTERVAL_MS = 10_000;

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let lastMs = Number.NEGATIVE_INFINITY;
  let open = false;
  return {
    update(text) {
      if (stream.isTTY) {
        stream.write(`\r\u001b[2K${text}`);
        open = true;
        return;
      }
      const nowMs = performance.now();
      if (nowMs - lastMs < QUIET_INTERVAL_MS) return;
      lastMs = nowMs;
      stream.write(`${text}\n`);
    },
    done(text) {
      if (stream.isTTY) stream.write(text === undefined ? (open ? '\n' : '') : `\r\u001b[2K${text}\n`);
      else if (text !== undefined) stream.write(`${text}\n`);
      open = false;
    },
  };
}
