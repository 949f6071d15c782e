import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { exportTo } from '../../../cli/export/export.ts';
import { createCsvCounter, isWholeParquet } from '../../../cli/export/row-counters.ts';
import { writeWhole } from '../../../cli/export/write-file.ts';
import type { ClickHouse } from '../../../clickhouse/connection.ts';

const folder = mkdtempSync(join(tmpdir(), 'reelstream-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a file of an export', () => {
  it('stands under its name whole, with its hash and size', async () => {
    const path = join(folder, 'whole.csv');
    const written = await writeWhole(path, Readable.from([Buffer.from('a,'), Buffer.from('b\n')]));
    expect(readFileSync(path, 'utf8')).toBe('a,b\n');
    expect(written).toEqual({ bytes: 4, sha256: createHash('sha256').update('a,b\n').digest('hex') });
  });

  it('or not at all', async () => {
    const cut = Readable.from(
      (async function* () {
        yield Buffer.from('a');
        throw new Error('connection lost');
      })(),
    );
    await expect(writeWhole(join(folder, 'cut.csv'), cut)).rejects.toThrow('connection lost');
    expect(readdirSync(folder)).toEqual(['whole.csv']);
  });

  it.runIf(process.platform === 'linux')('is refused where no folder can be made, at once', async () => {
    const options = { items: [], leftOut: [], formats: [], force: false, nowMs: 0, version: '' };
    for (const nowhere of ['/proc/nowhere', '/proc/nowhere/at/all']) {
      await expect(exportTo({} as ClickHouse, { ...options, folder: nowhere })).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringMatching(/^\/proc\/nowhere(\/at)?(\/all)? cannot be made/),
      });
    }
  });
});

describe('rows of a CSV file', () => {
  const count = (text: string, cuts: readonly number[] = []) => {
    const counter = createCsvCounter();
    const bytes = Buffer.from(text);
    const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
    for (const [i, end] of [...ends, bytes.length].entries())
      counter.see(bytes.subarray(ends[i - 1] ?? 0, end));
    return counter.rows();
  };

  it('are counted whatever the fields hold, and however the bytes are cut', () => {
    const field = fc.string().map((text) => `"${text.replaceAll('"', '""')}"`);
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 1 })), fc.array(fc.nat()), (rows, cuts) => {
        const text = ['a,b', ...rows.map((row) => row.join(','))].map((line) => `${line}\n`).join('');
        expect(count(text, cuts)).toBe(rows.length);
      }),
    );
  });

  it('are none when the file ends inside a row, a field, or before its header', () => {
    expect([count('a\n1\n2'), count('a\n"1\n'), count('')]).toEqual([null, null, null]);
    expect([count('a\n'), count('a\n""\n')]).toEqual([0, 1]);
  });
});

describe('a Parquet file', () => {
  const whole = (...chunks: string[]) => {
    const marks = isWholeParquet();
    for (const chunk of chunks) marks.see(Buffer.from(chunk));
    return marks.whole();
  };

  it('has its mark at both ends, however the bytes are cut', () => {
    expect([whole('PAR1....PAR1'), whole('P', 'AR', '1..', '..PA', 'R', '1')]).toEqual([true, true]);
    expect([whole('PAR1....'), whole('....PAR1'), whole(''), whole('PAR1..PAR')]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
