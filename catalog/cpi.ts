import type { Fields, RowOutcome } from './movielens.ts';

export interface CpiMonth {
  readonly series: string;
  /** first of the month, `YYYY-MM-DD` */
  readonly month: string;
  readonly value: number;
}

/** Column names of the date, in order of age of the download format. */
const CPI_DATE_COLUMNS = ['DATE', 'observation_date'] as const;

/** A row of a FRED series. A month without a figure (empty or `.`) is left out: readers take the last known one. */
export function toCpiMonth(series: string, fields: Fields): RowOutcome<CpiMonth | null> {
  const date = CPI_DATE_COLUMNS.map((name) => fields[name]).find((text) => text !== undefined) ?? '';
  if (!/^\d{4}-(0[1-9]|1[0-2])-\d{2}$/.test(date))
    return { quarantine: { field: 'DATE', reason: 'not_a_date' } };
  const text = fields[series] ?? '';
  if (text === '' || text === '.') return { ok: null };
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value)))
    return { quarantine: { field: series, reason: 'not_a_number' } };
  return { ok: { series, month: `${date.slice(0, 7)}-01`, value } };
}
