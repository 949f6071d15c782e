import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvRow, needs, readCsv } from '../../catalog/csv.ts';
import { MAX_RECORD_BYTES, readStretches, type Stretch } from '../../catalog/csv-records.ts';

/** The bytes in chunks of a size that cuts wherever it hurts. */
async function* chunked(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function rows(
  text: string | Buffer,
  required: string[] = ['a'],
  { chunk = 65_536, split = [] as string[] } = {},
): Promise<object[]> {
  const found: object[] = [];
  for await (const row of readCsv('x.csv', chunked(Buffer.from(text), chunk), needs(required, split))) {
    found.push(shown(row));
  }
  return found;
}

function shown(row: CsvRow): object {
  if ('fault' in row) return { line: row.line, fault: row.fault, text: row.bytes.toString() };
  return { line: row.line, ...row.fields, ...(row.joined.length > 0 ? { joined: row.joined } : {}) };
}

async function stretches(
  bytes: Buffer,
  chunk: number,
  maxRecordBytes = MAX_RECORD_BYTES,
): Promise<Stretch[]> {
  const found: Stretch[] = [];
  for await (const stretch of readStretches(chunked(bytes, chunk), maxRecordBytes)) found.push(stretch);
  return found;
}

describe('readCsv', () => {
  it.each([1, 2, 3, 7, 65_536])('gives the line a record begins on, in chunks of %i bytes', async (chunk) => {
    const text = '\ufeffa,b\n1,"x\ny"\n\n2,"say ""hi"""\r\n3,z';
    expect(await rows(text, ['a', 'b'], { chunk })).toEqual([
      { line: 2, a: '1', b: 'x\ny' },
      { line: 5, a: '2', b: 'say "hi"' },
      { line: 6, a: '3', b: 'z' },
    ]);
  });

  it('finds columns by name, in any order, among others', async () => {
    expect(await rows('c,b,a\n1,2,3\n', ['a', 'b'])).toEqual([{ line: 2, a: '3', b: '2' }]);
    expect(await rows('\ufeff"a","b"\n1,2\n')).toEqual([{ line: 2, a: '1' }]);
  });

  it('reports records of another width and goes on', async () => {
    expect(await rows('a,b\n1\n2,3,4\n5,6\n')).toEqual([
      { line: 2, fault: 'column_count', text: '1' },
      { line: 3, fault: 'column_count', text: '2,3,4' },
      { line: 4, a: '5' },
    ]);
  });

  it('loses one line, not the rest of the file, to a quote that is never closed', async () => {
    expect(await rows('a,b\n1,x\n2,"open\n3,z\n4,w\n')).toEqual([
      { line: 2, a: '1' },
      { line: 3, fault: 'quote_not_closed', text: '2,"open' },
      { line: 4, a: '3' },
      { line: 5, a: '4' },
    ]);
  });

  it('loses one line to a quote that a later row closes', async () => {
    expect(await rows('a,b\n1,"open\n2,"z"\n3,"w"\n')).toEqual([
      { line: 2, fault: 'text_after_quote', text: '1,"open' },
      { line: 3, a: '2' },
      { line: 4, a: '3' },
    ]);
    // here the quotes even out, and only the width tells
    expect(await rows('a,b\n1,"open\n2,",3\n4,5\n')).toEqual([
      { line: 2, fault: 'column_count', text: '1,"open' },
      { line: 3, fault: 'quote_not_closed', text: '2,",3' },
      { line: 4, a: '4' },
    ]);
  });

  it('takes a quote in the middle of a field as text', async () => {
    expect(await rows('a,b\n1,6" under\n2,x\n', ['a', 'b'])).toEqual([
      { line: 2, a: '1', b: '6" under' },
      { line: 3, a: '2', b: 'x' },
    ]);
  });

  it('joins a record that a line end broke, where free text may break', async () => {
    const text =
      'a,text,c,d\n1,left,x,y\n2,be\nfore,x,y\n3,be\rfore,x,y\n4,one\ntwo\nthree,x,y\n5,right,x,y\n';
    expect(await rows(text, ['a', 'text', 'd'], { split: ['text'] })).toEqual([
      { line: 2, a: '1', text: 'left', d: 'y' },
      { line: 3, a: '2', text: 'be\nfore', d: 'y', joined: [4] },
      { line: 5, a: '3', text: 'be\nfore', d: 'y', joined: [5] },
      { line: 6, a: '4', text: 'one\ntwo\nthree', d: 'y', joined: [7, 8] },
      { line: 9, a: '5', text: 'right', d: 'y' },
    ]);
  });

  it('joins nothing elsewhere: two cut rows are not one', async () => {
    const text = 'a,text,c,d\n1,x,y\n2,x\n3,x,y,z\n';
    expect(await rows(text, ['a'], { split: ['text'] })).toMatchObject([
      { line: 2, fault: 'column_count' },
      { line: 3, fault: 'column_count' },
      { line: 4, a: '3' },
    ]);
  });

  it('reads files of old Macs', async () => {
    expect(await rows('a,b\r1,x\r2,y\r', ['a', 'b'])).toEqual([
      { line: 2, a: '1', b: 'x' },
      { line: 3, a: '2', b: 'y' },
    ]);
  });

  it('refuses a file without the columns it needs, one with a column twice, one in UTF-16, an empty one', async () => {
    const refusal = (text: string | Buffer, required = ['a']) =>
      rows(text, required).then(
        () => 'read',
        (error: Error) => error.message,
      );
    expect(await refusal('a,b\n1,2\n', ['a', 'tmdbId'])).toBe('x.csv: the header lacks tmdbId');
    expect(await refusal('a;b\n1;2\n')).toMatch(
      /^x\.csv: its header has ";" between the columns; save it with commas/,
    );
    expect(await refusal('a\tb\n1\t2\n')).toMatch(/its header has tabs between the columns/);
    expect(await refusal('a,b,a\n1,2,3\n')).toBe('x.csv: the header has a twice');
    expect(await refusal(Buffer.from('\ufeffa,b\n', 'utf16le'))).toMatch(/UTF-16/);
    expect(await refusal('')).toBe('x.csv is empty');
    await expect(rows('b\n')).rejects.toMatchObject({
      code: 'bad_data',
      details: { file: 'x.csv', line: 1 },
    });
  });
});

describe('readStretches', () => {
  const field = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r', ' ', '🎬') });
  const quote = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  it('agrees with csv-parse on well-formed files, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .integer({ min: 2, max: 4 })
          .chain((width) =>
            fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
          ),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 9 }),
        async (table, lineEnd, chunk) => {
          const bytes = Buffer.from(table.map((row) => row.map(quote).join(',')).join(lineEnd));
          const decoded = (await stretches(bytes, chunk)).map(({ bytes: raw, cells, fault }) => {
            expect(fault).toBeNull();
            return cells.map(({ start, end, quoted }) => {
              const text = raw.toString('utf8', start, end);
              return quoted ? text.replaceAll('""', '"') : text;
            });
          });
          expect(decoded).toEqual(parse(bytes, { record_delimiter: ['\n', '\r\n'], bom: false }));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('has every byte in one stretch, in order, of anything', async () => {
    const unit = fc.constantFrom('a', '"', ',', '\n', '\r', '\r\n', '"\n', ',"', '\u0000', 'é');
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit, maxLength: 60 }),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 8, max: 70 }),
        async (text, chunk, maxRecordBytes) => {
          const bytes = Buffer.from(text);
          const found = await stretches(bytes, chunk, maxRecordBytes);
          const without = (s: string) => s.replaceAll(/[\r\n]/g, '');
          const whole = found.filter(({ fault }) => fault !== 'too_large');
          if (whole.length === found.length)
            expect(without(found.map((one) => one.bytes.toString()).join(''))).toBe(without(text));
          for (const { bytes: head, byteLength, fault } of found)
            expect(head.length).toBe(fault === 'too_large' ? maxRecordBytes : byteLength);
          // how the bytes arrive changes nothing
          expect(found.map((one) => [one.line, one.bytes.toString()])).toEqual(
            (await stretches(bytes, 1_000, maxRecordBytes)).map((one) => [one.line, one.bytes.toString()]),
          );
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('takes a record of just the largest size whole, however it arrives', async () => {
    const bytes = Buffer.from('"\r\n\r\na\r\na"\r\n');
    for (const chunk of [1, 2, 3, 11, 12, 100]) {
      const found = await stretches(bytes, chunk, 10);
      expect(found.map(({ line, byteLength, fault }) => ({ line, byteLength, fault }))).toEqual([
        { line: 1, byteLength: 10, fault: null },
      ]);
    }
  });

  it('sees a lone CR behind what is too large, however it arrives', async () => {
    for (const chunk of [1, 2, 5, 10, 100]) {
      const found = await stretches(Buffer.from('aa,"bbb,"\rc'), chunk, 8);
      expect(found.map(({ byteLength, fault }) => [byteLength, fault])).toEqual([
        [9, 'too_large'],
        [1, null],
      ]);
    }
  });

  it('keeps the head of a line that is too large, and its length', async () => {
    const huge = 'x'.repeat(3_000_000);
    const found = await stretches(Buffer.from(`a,b\n1,${huge}\n2,y\n`), 65_536);
    expect(found.map(({ line, fault, byteLength }) => ({ line, fault, byteLength }))).toEqual([
      { line: 1, fault: null, byteLength: 3 },
      { line: 2, fault: 'too_large', byteLength: 3_000_002 },
      { line: 3, fault: null, byteLength: 3 },
    ]);
    expect(found[1]?.bytes).toHaveLength(65_536);
  });
});
