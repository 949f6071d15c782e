const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const PERIODS = ['1h', '1d'] as const;
export type Period = (typeof PERIODS)[number];
const LENGTH_MS: Readonly<Record<Period, number>> = { '1h': HOUR_MS, '1d': DAY_MS };
const WEEK_MS = 7 * DAY_MS;
const MINUTE_MS = 60_000;

/** From `startMs` up to, not including, `endMs`; UTC. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

export const PERIOD_SIDES = ['closed', 'previous', 'lastWeek'] as const;
export type PeriodSide = (typeof PERIOD_SIDES)[number];

/**
 * The last period that is over for good, the one before it, and the same one a week before. Periods are whole hours and days
 * of UTC: neither a clock change nor the moment of the look moves them.
 * @param settleMs how long after its end the last rows of a period may still arrive
 */
export function periodsAt(nowMs: number, period: Period, settleMs: number): Record<PeriodSide, Span> {
  const length = LENGTH_MS[period];
  const endMs = Math.floor((nowMs - settleMs) / length) * length;
  const ending = (at: number): Span => ({ startMs: at - length, endMs: at });
  return { closed: ending(endMs), previous: ending(endMs - length), lastWeek: ending(endMs - WEEK_MS) };
}

/** What is known of one span. */
export interface SpanCounts {
  readonly rows: number;
  readonly bytes: number;
  /** minutes of it in which a canary came */
  readonly canaryMinutes: number;
}

/** A restart of the reconciler may cost a minute or two of an hour. */
const WATCHED_SHARE = 0.95;

/**
 * Whether the rows of a span say anything. With canaries: when they came all the time, so that the pipeline was meant to run;
 * a stack that was switched off has few rows, and that is no dip. Without: when the table began before it.
 * @param firstRowMs time of the oldest row, null for an empty table
 */
export function isHistory(
  span: Span,
  counts: SpanCounts,
  { canaries, firstRowMs }: { readonly canaries: boolean; readonly firstRowMs: number | null },
): boolean {
  if (!canaries) return firstRowMs !== null && firstRowMs <= span.startMs;
  const minutes = (span.endMs - span.startMs) / MINUTE_MS;
  return counts.canaryMinutes >= WATCHED_SHARE * minutes;
}
