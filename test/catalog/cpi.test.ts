import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { CPI_LAYOUT, cpiCoverage, toCpiMonths } from '../../catalog/cpi.ts';
import { createFindings } from '../../catalog/findings.ts';
import { readSources } from '../../catalog/read-sources.ts';
import type { CatalogueFile } from '../../catalog/source-files.ts';

const file = (name: string, text: string): CatalogueFile => ({
  role: 'cpi',
  name,
  file: { path: name, bytes: text.length, open: async () => Readable.from([Buffer.from(text)]) },
  address: 'x',
  revision: null,
});

async function read(...files: CatalogueFile[]) {
  const findings = createFindings();
  const { cpi } = await readSources(files, { findings });
  findings.requireBalance();
  const reasons = findings.list().filter(({ reason }) => reason !== '');
  return { cpi, reasons: reasons.map(({ file: name, reason, rows }) => `${name} ${reason} ${rows}`) };
}

describe('price indices', () => {
  it('are named by their column, whatever the file is called, under either header', async () => {
    const older = file('a.csv', 'DATE,CPIAUCSL\n1999-01-01,164.7\n');
    const newer = file('fredgraph.csv', 'observation_date,CUSR0000SS62031\r\n1999-01-01,102.700\r\n');
    expect((await read(older, newer)).cpi).toEqual([
      { series: 'CPIAUCSL', month: '1999-01-01', value: 164.7 },
      { series: 'CUSR0000SS62031', month: '1999-01-01', value: 102.7 },
    ]);
  });

  it('may come several in one file, each with months of its own', async () => {
    const both = file('both.csv', 'observation_date,A,B\n1998-12-01,1,.\n1999-01-01,2,3\n1999-02-01,,\n');
    const { cpi, reasons } = await read(both);
    expect(cpi.map(({ series, month }) => `${series} ${month}`)).toEqual([
      'A 1998-12-01',
      'A 1999-01-01',
      'B 1999-01-01',
    ]);
    expect(reasons).toEqual(['both.csv month_without_figure 1']);
  });

  it('count from the first file that has the series', async () => {
    const { cpi, reasons } = await read(
      file('given.csv', 'DATE,A\n1999-01-01,1\n1999-01-01,1\n1999-01-01,9\n'),
      file('own.csv', 'DATE,A\n1999-01-01,5\n1999-02-01,6\n'),
    );
    expect(cpi).toEqual([{ series: 'A', month: '1999-01-01', value: 1 }]);
    expect(reasons).toEqual([
      'given.csv conflicting_duplicate 1',
      'given.csv identical_duplicate 1',
      'own.csv series_of_an_earlier_file 2',
    ]);
  });

  it('are quarantined where they are none', () => {
    expect(toCpiMonths({ DATE: '01/1999', A: '1' })).toEqual({
      quarantine: { field: 'DATE', reason: 'not_a_date' },
    });
    expect(toCpiMonths({ DATE: '1999-01-01', A: 'n/a' })).toEqual({
      quarantine: { field: 'A', reason: 'not_a_number' },
    });
    expect(toCpiMonths({ observation_date: '1999-01-01', A: '-3' })).toMatchObject({
      quarantine: { field: 'A' },
    });
    expect(() => CPI_LAYOUT.columns(['movieId', 'title'])).toThrow(/FRED/);
  });

  it('say what they cover, what is missing and what was revised since the load before', () => {
    const month = (m: string, value: number) => ({ series: 'A', month: `1999-${m}-01`, value });
    const now = [month('01', 1), month('02', 2), month('04', 4)];
    const before = [month('01', 1), month('02', 2.5), month('03', 3)];
    expect(cpiCoverage(now, before)).toEqual([
      { series: 'A', firstMonth: '1999-01-01', lastMonth: '1999-04-01', months: 3, missing: 1, revised: 1 },
    ]);
    expect(cpiCoverage([], before)).toEqual([]);
  });
});
