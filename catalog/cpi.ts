import { ReelstreamError } from '../core/errors.ts';
import type { CsvLayout, Fields } from './csv.ts';
import type { RowOutcome } from './rows.ts';

export interface CpiMonth {
  readonly series: string;
  /** first of the month, `YYYY-MM-DD` */
  readonly month: string;
  readonly value: number;
}

/** Column names of the date, in order of age of the download format. */
const DATE_COLUMNS = ['DATE', 'observation_date'] as const;

/** A FRED download: a date and one column per series, which bears the series' name. */
export const CPI_LAYOUT: CsvLayout = {
  columns(header) {
    const dates = DATE_COLUMNS.filter((name) => header.includes(name));
    if (dates.length !== 1 || header.length < 2 || header.includes('')) {
      throw new ReelstreamError(
        'bad_data',
        'the header is none of a FRED series: DATE or observation_date, then names',
      );
    }
    return header;
  },
};

/** The months of one row. A month without a figure (empty or `.`) is left out: readers take the last known one. */
export function toCpiMonths(fields: Fields): RowOutcome<CpiMonth[]> {
  const dateColumn = DATE_COLUMNS.find((name) => fields[name] !== undefined) ?? 'DATE';
  const date = fields[dateColumn] ?? '';
  if (!/^(19|20)\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(date))
    return { quarantine: { field: dateColumn, reason: 'not_a_date' } };
  const months: CpiMonth[] = [];
  for (const [series, text] of Object.entries(fields)) {
    if (series === dateColumn || text.trim() === '' || text.trim() === '.') continue;
    const value = Number(text);
    if (!(value > 0 && Number.isFinite(value)))
      return { quarantine: { field: series, reason: 'not_a_number' } };
    months.push({ series, month: `${date.slice(0, 7)}-01`, value });
  }
  return { ok: months };
}

/** What one series covers, so that a figure can name the last month it rests on. */
export interface CpiCoverage {
  readonly series: string;
  readonly firstMonth: string;
  readonly lastMonth: string;
  readonly months: number;
  /** months between first and last without a figure */
  readonly missing: number;
  /** months whose figure differs from the catalogue before: the publisher revised it */
  readonly revised: number;
}

/** @param before the months of the catalogue in use */
export function cpiCoverage(months: readonly CpiMonth[], before: readonly CpiMonth[]): CpiCoverage[] {
  const earlier = new Map(before.map((one) => [`${one.series} ${one.month}`, one.value]));
  return [...new Set(months.map(({ series }) => series))].map((series) => {
    const own = months.filter((one) => one.series === series);
    const sorted = own.map(({ month }) => month).sort();
    const firstMonth = sorted[0]!;
    const lastMonth = sorted.at(-1)!;
    const revised = own.filter(({ month, value }) => {
      const known = earlier.get(`${series} ${month}`);
      return known !== undefined && known !== value;
    });
    return {
      series,
      firstMonth,
      lastMonth,
      months: own.length,
      missing: monthNumber(lastMonth) - monthNumber(firstMonth) + 1 - own.length,
      revised: revised.length,
    };
  });
}

function monthNumber(month: string): number {
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7));
}
