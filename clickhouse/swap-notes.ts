import type { RepairContext } from './chunks.ts';
import type { ClickHouse } from './connection.ts';
import { insertNote } from './owned-statements.ts';
import type { Slot } from './sink-store.ts';

/** One slot's month that is, or will be, swapped for newly derived rows: a partition of raw and of every aggregate. */
export interface Swap {
  readonly slot: Slot;
  readonly month: number;
  /** sets the twins of this swap apart from those of any other, ever */
  readonly tag: string;
  /** catalogue by which raw is rewritten, 0 = its ids stay */
  readonly catalogVersion: number;
  /** raw loses its rows from this offset on, null = it keeps them */
  readonly keepBelow: number | null;
}

/** Without it, raw stays and only the aggregates are derived anew. */
export function replacesRaw({ catalogVersion, keepBelow }: Swap): boolean {
  return catalogVersion > 0 || keepBelow !== null;
}

/**
 * Notes swaps that differ in their month only. One statement, so that months that must change together are all unfinished or
 * none. Without effect unless everything is still owned: a former owner must not hide the swap of its successor.
 */
export async function noteSwaps(
  context: RepairContext,
  swaps: readonly Swap[],
  state: 'swapping' | 'done',
): Promise<void> {
  const [first] = swaps;
  if (!first) return;
  await insertNote(
    context,
    `INSERT INTO rebuilds (slot, ingest_month, tag, catalog_version, keep_below, state)
     SELECT {slot:UInt16}, arrayJoin({months:Array(UInt32)}), {tag:String}, {version:UInt32},
            {keep_below:Nullable(UInt64)}, {state:String}`,
    {
      slot: first.slot,
      months: swaps.map(({ month }) => month),
      tag: first.tag,
      version: first.catalogVersion,
      keep_below: first.keepBelow,
      state,
    },
  );
}

/** Swaps of these slots that were begun and not finished. */
export async function unfinishedSwaps(clickhouse: ClickHouse, slots: readonly Slot[]): Promise<Swap[]> {
  const rows = await clickhouse.query<Omit<Swap, 'keepBelow'> & { keepBelow: string | null }>(
    `SELECT slot, ingest_month AS month, tag, catalog_version AS catalogVersion, keep_below AS keepBelow
     FROM
     (
       SELECT * FROM rebuilds WHERE slot IN {slots:Array(UInt16)}
       ORDER BY noted_at DESC LIMIT 1 BY slot, ingest_month
     )
     WHERE state = 'swapping' ORDER BY slot, month`,
    { params: { slots } },
  );
  return rows.map((row) => ({ ...row, keepBelow: row.keepBelow === null ? null : Number(row.keepBelow) }));
}

/** Grows with every swap that begins or ends. */
export async function countNotes(clickhouse: ClickHouse, slots: readonly Slot[]): Promise<number> {
  const [row] = await clickhouse.query<{ n: string }>(
    'SELECT count() AS n FROM rebuilds WHERE slot IN {slots:Array(UInt16)}',
    { params: { slots } },
  );
  return Number(row!.n);
}
