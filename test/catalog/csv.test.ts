import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CsvRow, readCsv } from '../../catalog/csv.ts';

const folder = mkdtempSync(join(tmpdir(), 'reelstream-csv-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function rows(text: string | Buffer, required: string[] = ['a']): Promise<CsvRow[]> {
  const path = join(folder, 'x.csv');
  writeFileSync(path, text);
  const found: CsvRow[] = [];
  for await (const row of readCsv(path, required)) found.push(row);
  return found;
}

describe('readCsv', () => {
  it('gives the line a record begins on, across newlines in fields and blank lines', async () => {
    expect(await rows('\ufeffa,b\n1,"x\ny"\n\n2,"say ""hi"""\r\n3,z')).toEqual([
      { line: 2, fields: { a: '1', b: 'x\ny' } },
      { line: 5, fields: { a: '2', b: 'say "hi"' } },
      { line: 6, fields: { a: '3', b: 'z' } },
    ]);
  });

  it('reports records of another width and goes on', async () => {
    expect(await rows('a,b\n1\n2,3,4\n5,6\n')).toEqual([
      { line: 2, fault: 'column_count' },
      { line: 3, fault: 'column_count' },
      { line: 4, fields: { a: '5', b: '6' } },
    ]);
  });

  it('keeps a stray quote from swallowing the rows behind it', async () => {
    expect(await rows('a,b\n1,"q"w\n2,x"y\n3,z\n')).toHaveLength(3);
  });

  it('says where a quote was opened and never closed', async () => {
    expect(await rows('a,b\n1,x\n2,"open\n3,z\n')).toEqual([
      { line: 2, fields: { a: '1', b: 'x' } },
      { line: 3, fault: 'quote_not_closed' },
    ]);
  });

  it('refuses a file without the columns it needs', async () => {
    await expect(rows('a,b\n1,2\n', ['a', 'tmdbId'])).rejects.toMatchObject({ code: 'bad_data' });
    await expect(rows('')).rejects.toMatchObject({ code: 'bad_data' });
  });

  it('says which file cannot be read', async () => {
    const read = readCsv(join(folder, 'absent.csv'), []).next();
    await expect(read).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('absent.csv'),
    });
  });
});
