/** Why a stretch of a file is no record. */
export type CsvFault = 'column_count' | 'quote_not_closed' | 'text_after_quote' | 'too_large';

/** A record, or a line that is none. Every byte of a file but line ends and blank lines lies in exactly one stretch. */
export interface Stretch {
  /** line it begins on, from 1 */
  readonly line: number;
  /** as in the file, without the line end; the head of what is `too_large` */
  readonly bytes: Buffer;
  readonly byteLength: number;
  readonly cells: readonly Cell[];
  readonly fault: CsvFault | null;
}

interface Cell {
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
}

/** Far above any honest row; one quote that is never closed costs no more memory than this. */
export const MAX_RECORD_BYTES = 1_000_000;
const KEPT_OF_TOO_LARGE = 65_536;

const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;
const CRLF_BYTES = 2;

/**
 * Cuts a byte stream into CSV records (RFC 4180). A line ends with LF, CRLF or a lone CR outside quotes; a quote in the
 * middle of an unquoted field is text. What is no record gives up its first line only, and reading goes on with the next
 * one: a quote that was never closed costs one row, not the rest of the file. The same holds for a record of several lines
 * that has not as many columns as the first record of the file. Memory is bounded by `maxRecordBytes`.
 */
export async function* readStretches(
  chunks: AsyncIterable<Uint8Array>,
  maxRecordBytes: number = MAX_RECORD_BYTES,
): AsyncGenerator<Stretch> {
  const cutter = createCutter(maxRecordBytes);
  for await (const chunk of chunks) yield* cutter.take(asBuffer(chunk), false);
  yield* cutter.take(Buffer.alloc(0), true);
}

/** The same bytes, not a copy. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function createCutter(maxRecordBytes: number) {
  let pending: Buffer = Buffer.alloc(0);
  let line = 1;
  let hasLf = false;
  let width = 0;
  /** a line longer than the limit, of which only the head is kept */
  let tooLarge: { line: number; head: Buffer; byteLength: number } | null = null;

  const passLines = (from: number, to: number) => {
    let count = 0;
    for (let at = pending.indexOf(LF, from); at >= 0 && at < to; at = pending.indexOf(LF, at + 1)) count += 1;
    if (count > 0) hasLf = true;
    // files of old Macs have no LF at all; in others a lone CR is no line to any editor
    else if (!hasLf && to > from && pending[to - 1] === CR) count = 1;
    line += count;
  };

  const skipTooLarge = (from: number, isLast: boolean): { next: number; stretch: Stretch | null } => {
    const open = tooLarge!;
    const end = lineEnd(pending, from, isLast);
    // what a CR at the end of the buffer is, only the next byte tells
    const stop = end?.at ?? pending.length - (pending.at(-1) === CR ? 1 : 0);
    open.byteLength += stop - from;
    if (!end) return { next: stop, stretch: null };
    passLines(from, end.next);
    tooLarge = null;
    const { line: firstLine, head: bytes, byteLength } = open;
    return { next: end.next, stretch: { line: firstLine, bytes, byteLength, cells: [], fault: 'too_large' } };
  };

  return {
    *take(chunk: Buffer, isLast: boolean): Generator<Stretch> {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      let at = 0;
      while (at < pending.length || tooLarge) {
        if (tooLarge) {
          const { next, stretch } = skipTooLarge(at, isLast);
          at = next;
          if (!stretch) break;
          yield stretch;
          continue;
        }
        const found = scanRecord(pending, at, isLast);
        // with its line end, so that a record of just that size is told whole however it arrives
        const isFull = pending.length - at > maxRecordBytes + CRLF_BYTES - 1;
        if (found === 'more' && !isFull) break;
        if (typeof found === 'object' && found.end - at <= maxRecordBytes) {
          const isBlank = found.end === at;
          if (width === 0 && !isBlank) width = found.cells.length;
          if (isBlank || found.cells.length === width || spansOneLine(pending, at, found.end)) {
            if (!isBlank) yield record(pending, at, found, line);
            passLines(at, found.next);
            at = found.next;
            continue;
          }
        }
        const end = lineEnd(pending, at, isLast);
        if (!end && !isFull) break;
        if (!end || end.at - at > maxRecordBytes) {
          const head = Buffer.from(pending.subarray(at, at + Math.min(KEPT_OF_TOO_LARGE, maxRecordBytes)));
          tooLarge = { line, head, byteLength: 0 };
          continue;
        }
        const bytes = pending.subarray(at, end.at);
        if (bytes.length > 0) {
          yield {
            line,
            bytes,
            byteLength: bytes.length,
            cells: [],
            fault: faultOf(found, at, maxRecordBytes),
          };
        }
        passLines(at, end.next);
        at = end.next;
      }
      // a copy, so that a few bytes do not hold on to a whole chunk
      pending = Buffer.from(pending.subarray(at));
    },
  };
}

type Scan = { readonly end: number; readonly next: number; readonly cells: readonly Cell[] };

function faultOf(found: Scan | 'more' | CsvFault, at: number, maxRecordBytes: number): CsvFault {
  if (typeof found === 'object') return found.end - at > maxRecordBytes ? 'quote_not_closed' : 'column_count';
  return found === 'more' ? 'quote_not_closed' : found;
}

function record(buffer: Buffer, at: number, { end, cells }: Scan, line: number): Stretch {
  const bytes = buffer.subarray(at, end);
  const moved = cells.map((cell) => ({ ...cell, start: cell.start - at, end: cell.end - at }));
  return { line, bytes, byteLength: bytes.length, cells: moved, fault: null };
}

/** One record from `at` on, or why there is none; `more` when the buffer ends before the record does. */
function scanRecord(buffer: Buffer, from: number, isLast: boolean): Scan | 'more' | CsvFault {
  const cells: Cell[] = [];
  let at = from;
  for (;;) {
    const quoted = buffer[at] === QUOTE;
    const end = quoted ? closingQuote(buffer, at + 1) : unquotedEnd(buffer, at);
    if (end === null) return isLast ? 'quote_not_closed' : 'more';
    cells.push({ start: quoted ? at + 1 : at, end, quoted });
    at = quoted ? end + 1 : end;
    const byte = buffer[at];
    if (byte === undefined) return isLast ? { end: at, next: at, cells } : 'more';
    if (byte !== COMMA) {
      if (byte !== LF && byte !== CR) return 'text_after_quote';
      const line = lineEnd(buffer, at, isLast);
      return line ? { end: at, next: line.next, cells } : 'more';
    }
    at += 1;
  }
}

/** The quote that closes a field; one at the buffer's very end counts, what follows is looked at by the caller. */
function closingQuote(buffer: Buffer, from: number): number | null {
  let at = buffer.indexOf(QUOTE, from);
  while (at >= 0 && buffer[at + 1] === QUOTE) at = buffer.indexOf(QUOTE, at + 2);
  return at < 0 ? null : at;
}

function unquotedEnd(buffer: Buffer, from: number): number {
  let at = from;
  for (; at < buffer.length; at++) {
    const byte = buffer[at];
    if (byte === COMMA || byte === LF || byte === CR) break;
  }
  return at;
}

/** The next line end of any kind; null when the buffer does not hold it whole. */
function lineEnd(buffer: Buffer, from: number, isLast: boolean): { at: number; next: number } | null {
  let at = from;
  while (at < buffer.length && buffer[at] !== LF && buffer[at] !== CR) at += 1;
  if (at === buffer.length) return isLast ? { at, next: at } : null;
  if (buffer[at] === LF) return { at, next: at + 1 };
  if (at + 1 === buffer.length && !isLast) return null;
  return { at, next: buffer[at + 1] === LF ? at + 2 : at + 1 };
}

function spansOneLine(buffer: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (buffer[at] === LF || buffer[at] === CR) return false;
  return true;
}

/** Text of one cell: UTF-8, what is none becomes U+FFFD. Always a string of its own, never a window into the file. */
export function cellText({ bytes, cells }: Stretch, index: number): string {
  const cell = cells[index];
  if (!cell) return '';
  const text = bytes.toString('utf8', cell.start, cell.end);
  return cell.quoted && text.includes('"') ? text.replaceAll('""', '"') : text;
}
