/** What one table holds of one slot, read in one statement so that the figures fit each other. */
export interface SlotRows {
  readonly rows: number;
  /** offsets that the log skipped before these rows: transactions, compaction */
  readonly skipped: number;
  /** of these, such as lie before the range */
  readonly skippedBefore: number;
  /** highest offset that contributed; -1 for none */
  readonly last: number;
}

export interface SettledRange {
  /** first offset that is compared */
  readonly from: number;
  /** offset up to which an earlier look saw everything durable, in every table; -1 for none */
  readonly settled: number;
}

export interface Compared {
  readonly source: number;
  readonly sink: number;
}

export const NO_ROWS: SlotRows = { rows: 0, skipped: 0, skippedBefore: 0, last: -1 };

/**
 * Records that the log has in the range, and rows that the table has. The range ends at the table's own last offset, so that
 * what is under way right now belongs to neither side, but never before what was settled earlier: a tail that was lost is
 * missing and does not shorten the range.
 */
export function compareSlot({ from, settled }: SettledRange, found: SlotRows): Compared {
  const to = Math.max(settled, found.last);
  const gaps = found.skipped - found.skippedBefore;
  return { source: Math.max(0, to - from + 1 - gaps), sink: found.rows };
}

export function addUp(compared: readonly Compared[]): Compared {
  return compared.reduce((sum, one) => ({ source: sum.source + one.source, sink: sum.sink + one.sink }), {
    source: 0,
    sink: 0,
  });
}
