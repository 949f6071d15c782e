import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import { ReelstreamError } from '../core/errors.ts';

/** One record of a CSV file: its fields by column name, or why it is none. */
export type CsvRow =
  | { readonly line: number; readonly fields: Readonly<Record<string, string>> }
  | { readonly line: number; readonly fault: 'column_count' | 'quote_not_closed' };

interface ParsedRecord {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/**
 * Reads a CSV file with a header (RFC 4180, LF or CRLF, UTF-8 with or without a mark) as a stream. `line` is the
 * physical line the record begins on. A stray quote inside a field is kept as text: refusing it would make the parser
 * swallow the rows behind it. What is no record comes out as a fault, nothing is left out.
 * @throws ReelstreamError `bad_data` when a column of `required` is not in the header; `usage` when the file cannot be read
 */
export async function* readCsv(path: string, required: readonly string[]): AsyncGenerator<CsvRow> {
  let unclosed = 0;
  const parser = parse({
    bom: true,
    info: true,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: () => {
      unclosed += 1;
    },
  });
  pipeline(createReadStream(path), parser, () => {
    // the iteration below rejects with the same error
  });
  let header: string[] | undefined;
  let lastLine = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
      lastLine = info.lines;
      if (!header) header = checkedHeader(path, record, required);
      else yield toRow(header, record, info.lines - newlines(record));
    }
  } catch (error) {
    throw readFailure(path, error);
  }
  if (!header) checkedHeader(path, [], required);
  // such a quote reaches to the end of the file, so that there is at most one
  if (unclosed > 0) yield { line: lastLine + 1, fault: 'quote_not_closed' };
}

function checkedHeader(path: string, header: string[], required: readonly string[]): string[] {
  const names = header.map((name) => name.trim());
  const missing = required.filter((name) => !names.includes(name));
  if (missing.length === 0) return names;
  throw new ReelstreamError('bad_data', `${path}: the header lacks ${missing.join(', ')}`, {
    details: { file: path, line: 1 },
  });
}

function toRow(header: readonly string[], record: readonly string[], line: number): CsvRow {
  if (record.length !== header.length) return { line, fault: 'column_count' };
  return { line, fields: Object.fromEntries(header.map((name, i) => [name, record[i]!])) };
}

/** The parser counts lines up to a record's end; the newlines inside its fields lead back to its beginning. */
function newlines(record: readonly string[]): number {
  let count = 0;
  for (const field of record) {
    for (let at = field.indexOf('\n'); at >= 0; at = field.indexOf('\n', at + 1)) count += 1;
  }
  return count;
}

function readFailure(path: string, error: unknown): unknown {
  if (error instanceof ReelstreamError || !(error instanceof Error) || !('syscall' in error)) return error;
  return new ReelstreamError('usage', `${path} cannot be read: ${error.message}`, { cause: error });
}
