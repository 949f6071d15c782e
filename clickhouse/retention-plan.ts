/** A month of one slot's raw rows. */
export interface RawMonth {
  readonly month: number;
  readonly rows: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Why an old month stays. `recent`: among the offsets that the duplicate window needs. `overlap`: it shares offsets with a
 * month that is not old. `behind`: its offsets lie behind those of a month that stays.
 */
export type KeepReason = 'recent' | 'overlap' | 'behind';

export interface RetentionPlan {
  /** each the oldest piece of what is left, in order; the months of one piece share offsets and go together */
  readonly pieces: readonly (readonly RawMonth[])[];
  readonly kept: readonly (RawMonth & { readonly reason: KeepReason })[];
}

/**
 * What may be sealed: only offsets from the oldest on and without a gap, so that one number says what is sealed; never the
 * newest `keepOffsets`, from which duplicates are told and the position is read. Months alternate where the clocks of two
 * writers differed at midnight: then they go together or not at all.
 */
export function planRetention(
  months: readonly RawMonth[],
  { beforeMonth, keepOffsets }: { readonly beforeMonth: number; readonly keepOffsets: number },
): RetentionPlan {
  const position = Math.max(-1, ...months.map(({ last }) => last));
  const pieces = piecesOf(months);
  const whyNot = (piece: readonly RawMonth[]): KeepReason | null => {
    if (piece.some(({ month }) => month >= beforeMonth)) return 'overlap';
    return piece.some(({ last }) => last > position - keepOffsets) ? 'recent' : null;
  };
  const end = pieces.findIndex((piece) => whyNot(piece) !== null);
  if (end === -1) return { pieces, kept: [] };
  return {
    pieces: pieces.slice(0, end),
    kept: pieces
      .slice(end)
      .flatMap((piece, i) =>
        piece
          .filter(({ month }) => month < beforeMonth)
          .map((month) => ({ ...month, reason: i === 0 ? (whyNot(piece) ?? 'behind') : 'behind' })),
      ),
  };
}

/** Months in the order of their offsets, those together that share some. */
function piecesOf(months: readonly RawMonth[]): RawMonth[][] {
  const pieces: RawMonth[][] = [];
  let last = -1;
  for (const one of [...months].sort((a, b) => a.first - b.first)) {
    if (pieces.length > 0 && one.first <= last) pieces.at(-1)!.push(one);
    else pieces.push([one]);
    last = Math.max(last, one.last);
  }
  return pieces;
}

/** The first month that is kept when `keepMonths` months stay, the present one among them: 3 in 2026-07 is 202605. */
export function firstKeptMonth(nowMs: number, keepMonths: number): number {
  const now = new Date(nowMs);
  const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - keepMonths + 1));
  return first.getUTCFullYear() * 100 + first.getUTCMonth() + 1;
}
