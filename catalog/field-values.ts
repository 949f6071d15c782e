/** A cleaned value, with the reason when the text was not taken as it stood. */
export interface Cleaned<T> {
  readonly value: T;
  readonly reason?: string;
}

/** Reasons by which a field, or a part of it, is lost: its text goes to the quarantine file. The others are repairs. */
const LOSSES = new Set([
  'not_a_number',
  'not_a_date',
  'not_a_literal',
  'not_a_list_of_entries',
  'entry_without_id_or_name',
  'not_utf8',
]);

export function remarkOf(reason: string): 'repaired' | 'blanked' {
  return LOSSES.has(reason) ? 'blanked' : 'repaired';
}

/**
 * Below this, money in the metadata is not money: a hundred-odd values repeat the runtime in minutes or count in
 * millions, and one of them makes a film look like a million-fold return. Nothing is scaled: who knows by what.
 */
export const MIN_CREDIBLE_DOLLARS = 1_000;

/** US dollars. 0 stands for "not known" in the source. */
export function cleanMoney(
  text: string,
  minCredibleDollars: number = MIN_CREDIBLE_DOLLARS,
): Cleaned<number | null> {
  if (text === '') return { value: null, reason: 'empty' };
  const dollars = wholeNumber(text);
  if (dollars === null) return { value: null, reason: 'not_a_number' };
  if (dollars === 0) return { value: null, reason: 'zero_is_unknown' };
  if (dollars < minCredibleDollars) return { value: null, reason: 'suspect_money' };
  return { value: dollars };
}

/** A count with 0 as a real zero. */
export function cleanCount(text: string): Cleaned<number> {
  const count = wholeNumber(text);
  if (count !== null && count <= 0xffff_ffff) return { value: count };
  return { value: 0, reason: text === '' ? 'empty' : 'not_a_number' };
}

/** Minutes; 0 stands for "not known". */
export function cleanRuntime(text: string): Cleaned<number | null> {
  if (text === '') return { value: null, reason: 'empty' };
  const minutes = decimal(text);
  if (minutes === null || minutes > 0xffff) return { value: null, reason: 'not_a_number' };
  return minutes < 0.5 ? { value: null, reason: 'zero_is_unknown' } : { value: Math.round(minutes) };
}

/** A figure such as TMDB's popularity. */
export function cleanFigure(text: string): Cleaned<number | null> {
  if (text === '') return { value: null, reason: 'empty' };
  const figure = decimal(text);
  return figure === null ? { value: null, reason: 'not_a_number' } : { value: figure };
}

/** The source writes 0.0 for films nobody voted on: an average of nothing is not known, not bad. */
export function cleanAverage(text: string, votes: number): Cleaned<number | null> {
  if (votes === 0) return { value: null, reason: 'no_votes' };
  return cleanFigure(text);
}

export interface ReleaseDate {
  /** `YYYY-MM-DD`; null when not known or outside what a Date32 column holds */
  readonly date: string | null;
  /** 0 = not known */
  readonly year: number;
}

/** ClickHouse's Date32 begins here and silently moves older dates up to it. */
const FIRST_DATE32_YEAR = 1900;
const LAST_DATE32_YEAR = 2299;

export function cleanReleaseDate(text: string): Cleaned<ReleaseDate> {
  if (text === '') return { value: { date: null, year: 0 }, reason: 'empty' };
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (year === '' || Number(year) < 1800 || date.toISOString().slice(0, 10) !== text) {
    return { value: { date: null, year: 0 }, reason: 'not_a_date' };
  }
  if (Number(year) < FIRST_DATE32_YEAR || Number(year) > LAST_DATE32_YEAR) {
    return { value: { date: null, year: Number(year) }, reason: 'only_year_kept' };
  }
  return { value: { date: text, year: Number(year) } };
}

const CONTROL_CHARACTERS = /\p{Cc}+/gu;

/** A name or title on one line. Bytes that are no UTF-8 come as U+FFFD: the rest of the text is kept. */
export function cleanText(text: string): Cleaned<string> {
  const value = text.replace(CONTROL_CHARACTERS, ' ').trim();
  if (text.includes('\ufffd')) return { value, reason: 'not_utf8' };
  return value === text.trim() ? { value } : { value, reason: 'control_characters' };
}

function wholeNumber(text: string): number | null {
  return /^\d{1,15}(\.0+)?$/.test(text) ? Number(text) : null;
}

function decimal(text: string): number | null {
  return /^\d{1,15}(\.\d+)?([eE][+-]?\d{1,3})?$/.test(text) && Number.isFinite(Number(text))
    ? Number(text)
    : null;
}
