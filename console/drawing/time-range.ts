/** A span of time as a dashboard has it: `now-1h`, `now`, or ISO times. */
export interface RangeText {
  readonly from: string;
  readonly to: string;
}

/** In unix seconds. */
export interface Range {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
};

/** Unix seconds of `now`, `now-15m`, milliseconds since 1970 or an ISO time; NaN for anything else. */
export function parseTime(text: string, nowSeconds: number): number {
  if (text === 'now') return nowSeconds;
  const back = /^now-(\d{1,6})([smhdw])$/.exec(text);
  if (back) return nowSeconds - Number(back[1]) * UNIT_SECONDS[back[2]!]!;
  if (/^\d{12,14}$/.test(text)) return Number(text) / 1_000;
  return /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z?)?$/.test(text)
    ? Date.parse(text.includes('T') && !text.endsWith('Z') ? `${text}Z` : text) / 1_000
    : Number.NaN;
}

/** Steps that divide minutes, hours and days, so that points stay where they are while time moves on. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];

/** The smallest step of at least a scrape at which a span has no more than so many points. */
export function stepSeconds(
  { fromSeconds, toSeconds }: Range,
  points: number,
  scrapeSeconds: number,
): number {
  const wanted = Math.max(scrapeSeconds, (toSeconds - fromSeconds) / points);
  return STEPS.find((step) => step >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400;
}

/** `2026-01-31 12:00:05`, in UTC as everything here. */
export function utcText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ');
}
