import { ReelstreamError } from '../core/errors.ts';
import { type CsvFault, cellText, readStretches, type Stretch } from './csv-records.ts';

export type Fields = Readonly<Record<string, string>>;

/** One row of a CSV file: its fields by column name, or why it is none. */
export type CsvRow =
  | {
      readonly line: number;
      readonly bytes: Buffer;
      readonly fields: Fields;
      readonly joined: readonly number[];
    }
  | { readonly line: number; readonly bytes: Buffer; readonly fault: CsvFault };

export interface CsvLayout {
  /** columns to read, from the header's names; throws when the file cannot be what it should be */
  readonly columns: (header: readonly string[]) => readonly string[];
  /** free text, in which a line break without quotes may have split a record in two */
  readonly splitColumns?: readonly string[];
}

/** A layout that needs these columns, takes those where there are such, and reads no others. */
export function needs(
  required: readonly string[],
  splitColumns: readonly string[] = [],
  wanted: readonly string[] = [],
): CsvLayout {
  return {
    splitColumns,
    columns(header) {
      const missing = required.filter((name) => !header.includes(name));
      if (missing.length > 0) throw new ReelstreamError('bad_data', `the header lacks ${missing.join(', ')}`);
      return [...required, ...wanted.filter((name) => header.includes(name))];
    },
  };
}

/**
 * Rows of a CSV file with a header, as a stream. Columns are found by name, in any order. A record that a line break split
 * in two is joined again when both pieces together have exactly the header's columns and the break lies in one of
 * `splitColumns`: `joined` are the lines of the further pieces. What is no row comes out as a fault, nothing is left out.
 * @param name of the file, for errors
 * @throws ReelstreamError `bad_data` when the header is not the one of such a file
 */
export async function* readCsv(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  layout: CsvLayout,
): AsyncGenerator<CsvRow> {
  let joiner: ReturnType<typeof createJoiner> | undefined;
  for await (const stretch of readStretches(chunks)) {
    if (joiner) yield* joiner.take(stretch);
    else joiner = createJoiner(readHeader(name, stretch, layout), layout.splitColumns ?? []);
  }
  if (!joiner) throw new ReelstreamError('bad_data', `${name} is empty`, { details: { file: name } });
  yield* joiner.end();
}

/** With a mark in front a quoted name does not begin with its quote. */
const BYTE_ORDER_MARK = /^\ufeff"?(.*?)"?$/;

interface Header {
  readonly names: readonly string[];
  readonly columns: readonly { readonly name: string; readonly index: number }[];
}

function readHeader(name: string, stretch: Stretch, layout: CsvLayout): Header {
  const refuse = (problem: string): never => {
    throw new ReelstreamError('bad_data', `${name}: ${problem}`, {
      details: { file: name, line: stretch.line },
    });
  };
  const [first, second] = stretch.bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    refuse('the file is UTF-16; save it as UTF-8');
  if (stretch.fault) refuse(`the header is no CSV record (${stretch.fault})`);
  const names = stretch.cells.map((_, i) => cellText(stretch, i).replace(BYTE_ORDER_MARK, '$1').trim());
  const [only = ''] = names.length === 1 ? names : [];
  const separator = [';', '\t', '|'].find((mark) => only.includes(mark));
  if (separator !== undefined) {
    const shown = separator === '\t' ? 'tabs' : `"${separator}"`;
    refuse(
      `its header has ${shown} between the columns; save it with commas, as the published files have them`,
    );
  }
  try {
    const columns = layout.columns(names).map((column) => {
      if (names.indexOf(column) !== names.lastIndexOf(column)) refuse(`the header has ${column} twice`);
      return { name: column, index: names.indexOf(column) };
    });
    return { names, columns };
  } catch (error) {
    if (error instanceof ReelstreamError && error.details.file === undefined) return refuse(error.message);
    throw error;
  }
}

/** Holds short records back until the next one tells whether they are one record with it. */
function createJoiner({ names, columns }: Header, splitColumns: readonly string[]) {
  let held: Stretch[] = [];
  let heldCells = 0;
  const breaks = new Set(splitColumns.map((name) => names.indexOf(name)));

  const row = (pieces: readonly Stretch[], textOf: (index: number) => string): CsvRow => ({
    line: pieces[0]!.line,
    bytes: pieces.length === 1 ? pieces[0]!.bytes : joinBytes(pieces),
    fields: Object.fromEntries(columns.map(({ name, index }) => [name, textOf(index)])),
    joined: pieces.slice(1).map((piece) => piece.line),
  });

  function* giveUp(): Generator<CsvRow> {
    for (const { line, bytes } of held) yield { line, bytes, fault: 'column_count' };
    held = [];
    heldCells = 0;
  }

  return {
    *take(stretch: Stretch): Generator<CsvRow> {
      const count = stretch.cells.length;
      if (stretch.fault) {
        yield* giveUp();
        yield { line: stretch.line, bytes: stretch.bytes, fault: stretch.fault };
        return;
      }
      if (count === names.length) {
        yield* giveUp();
        yield row([stretch], (index) => cellText(stretch, index));
        return;
      }
      if (held.length > 0 && (!breaks.has(heldCells - 1) || heldCells + count - 1 > names.length))
        yield* giveUp();
      if (count > names.length) {
        yield { line: stretch.line, bytes: stretch.bytes, fault: 'column_count' };
        return;
      }
      held.push(stretch);
      heldCells = held.length === 1 ? count : heldCells + count - 1;
      if (heldCells < names.length) return;
      const pieces = held;
      held = [];
      heldCells = 0;
      const texts = joinTexts(pieces);
      yield row(pieces, (index) => texts[index] ?? '');
    },
    end: giveUp,
  };
}

/** The last field of each piece goes on in the first field of the next. */
function joinTexts(pieces: readonly Stretch[]): string[] {
  const texts: string[] = [];
  for (const piece of pieces) {
    const [first = '', ...rest] = piece.cells.map((_, i) => cellText(piece, i));
    const open = texts.pop();
    texts.push(open === undefined ? first : `${open}\n${first}`, ...rest);
  }
  return texts;
}

function joinBytes(pieces: readonly Stretch[]): Buffer {
  return Buffer.concat(pieces.flatMap(({ bytes }, i) => (i === 0 ? [bytes] : [Buffer.from('\n'), bytes])));
}
