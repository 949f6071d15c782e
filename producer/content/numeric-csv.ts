import { readFile } from 'node:fs/promises';
import { ReelstreamError } from '../../core/errors.ts';

const BYTE_ORDER_MARK = '\ufeff';
const DECIMAL = /^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const MAX_ID = 2 ** 31 - 1;

/**
 * Hands over every row of a CSV file of plain numbers: a header, LF or CRLF, with or without a byte order mark, nothing
 * quoted. Empty lines are passed over.
 * @param headers the first lines that are taken
 * @throws ReelstreamError `usage` when the file cannot be read, `bad_data` for another header or number of columns
 */
export async function readNumericCsv(
  path: string,
  headers: readonly string[],
  onRow: (fields: readonly string[], line: number) => void,
): Promise<void> {
  const lines = (await readText(path)).split(/\r?\n/);
  const header = lines[0]!;
  if (!headers.includes(header)) throw badRow(path, 1, `the first line must be ${headers[0]}`);
  const columns = header.split(',').length;
  for (let i = 1; i < lines.length; i++) {
    if (lines[i] === '') continue;
    const fields = lines[i]!.split(',');
    if (fields.length !== columns)
      throw badRow(path, i + 1, `${fields.length} columns instead of ${columns}`);
    onRow(fields, i + 1);
  }
}

/** @returns NaN for anything but a plain decimal number of 0 or more */
export function parseDecimal(text: string): number {
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}

/** @throws ReelstreamError `bad_data` unless it is a whole number from 1 to 2^31 - 1 */
export function parseMovieId(path: string, line: number, text: string): number {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (id >= 1 && id <= MAX_ID) return id;
  throw badRow(path, line, `"${text}" is no movieId; it must be a whole number from 1 to ${MAX_ID}`);
}

/** The data's fault, with the place to look at. */
export function badRow(path: string, line: number, why: string): ReelstreamError {
  return new ReelstreamError('bad_data', `${path}:${line}: ${why}`, { details: { file: path, line } });
}

async function readText(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  } catch (error) {
    throw new ReelstreamError('usage', `${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
