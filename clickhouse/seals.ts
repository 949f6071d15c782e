import type { ClickHouse } from './connection.ts';
import type { Slot } from './sink-store.ts';

/** A month of a slot whose raw rows were dropped. Seals always cover all offsets up to the highest `lastOffset`. */
export interface Seal {
  readonly slot: Slot;
  readonly month: number;
  readonly lastOffset: number;
  /** aggregate -> its control total */
  readonly totals: Readonly<Record<string, string>>;
}

export async function readSeals(clickhouse: ClickHouse, slots: readonly Slot[]): Promise<Seal[]> {
  const rows = await clickhouse.query<Omit<Seal, 'lastOffset'> & { lastOffset: string }>(
    `SELECT slot, ingest_month AS month, last_offset AS lastOffset, totals FROM sealed_months
     WHERE slot IN {slots:Array(UInt16)} ORDER BY slot, month`,
    { params: { slots } },
  );
  return rows.map((row) => ({ ...row, lastOffset: Number(row.lastOffset) }));
}

/** Highest offset that is sealed, -1 for none: the position of a slot never lies below it. */
export function sealedOffset(seals: readonly Seal[], slot: Slot): number {
  return Math.max(-1, ...seals.filter((seal) => seal.slot === slot).map(({ lastOffset }) => lastOffset));
}

export function isSealed(seals: readonly Seal[], slot: Slot, month: number): boolean {
  return seals.some((seal) => seal.slot === slot && seal.month === month);
}
