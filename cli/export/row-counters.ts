const QUOTE = 0x22;
const NEWLINE = 0x0a;

export interface RowCounter {
  see(chunk: Buffer): void;
  /** rows without the header; null = the file is not whole */
  rows(): number | null;
}

/** Lines that end outside quotes. Two quotes inside a field switch twice and change nothing. */
export function createCsvCounter(): RowCounter {
  let records = 0;
  let quoted = false;
  let last = NEWLINE;
  return {
    see(chunk) {
      for (const byte of chunk) {
        if (byte === QUOTE) quoted = !quoted;
        else if (byte === NEWLINE && !quoted) records += 1;
        last = byte;
      }
    },
    rows: () => (quoted || last !== NEWLINE || records === 0 ? null : records - 1),
  };
}

const MAGIC = Buffer.from('PAR1');

/** A Parquet file begins and ends with its mark; how many rows it holds only its footer says. */
export function isWholeParquet(): { see(chunk: Buffer): void; whole(): boolean } {
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  return {
    see(chunk) {
      if (head.length < MAGIC.length) head = Buffer.concat([head, chunk]).subarray(0, MAGIC.length);
      tail = Buffer.concat([tail, chunk.subarray(-MAGIC.length)]).subarray(-MAGIC.length);
    },
    whole: () => head.equals(MAGIC) && tail.equals(MAGIC),
  };
}
