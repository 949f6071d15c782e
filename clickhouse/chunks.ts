import { randomUUID } from 'node:crypto';
import type { ClickHouse, QueryParams, Settings } from './connection.ts';
import { FENCE_GUARD, fenceParams, type Ownership, ownedComment } from './fence.ts';
import type { Slot } from './sink-store.ts';

/** What the statements of a repair need. */
export interface RepairContext {
  readonly clickhouse: ClickHouse;
  /** of `readDeliverySettings` */
  readonly settings: Settings;
  /** what must still be owned for a statement to have any effect: slots, or the lock of the work */
  readonly owned: readonly Ownership[];
}

/** A run of a slot's rows in one month of ingest: what one statement may derive from and still be one part. */
export interface Chunk {
  readonly slot: Slot;
  readonly month: number;
  /** only offsets above */
  readonly after: number;
  readonly last: number;
  readonly rows: number;
}

export interface RunOfRows {
  readonly rawTable: string;
  readonly slot: Slot;
  /** only offsets above; -1 = all */
  readonly after: number;
  readonly upTo: number;
  /** only this month; null = every month. Sealed ones lie below `after` or were dropped. */
  readonly month: number | null;
}

/** With the widest fan-out still one block, so one part. */
const CHUNK_ROWS = 50_000;

/**
 * Calls `derive` for one chunk after the other, in order of offsets. Chunks never cross months, so each statement is one
 * rename; months may alternate where the clocks of two writers differ at midnight.
 */
export async function forEachChunk(
  { clickhouse }: RepairContext,
  run: RunOfRows,
  derive: (chunk: Chunk) => Promise<void>,
): Promise<void> {
  let after = run.after;
  for (;;) {
    const chunk = await nextChunk(clickhouse, { ...run, after });
    if (chunk === null) return;
    await derive(chunk);
    after = chunk.last;
  }
}

async function nextChunk(clickhouse: ClickHouse, run: RunOfRows): Promise<Chunk | null> {
  const { rawTable, slot, after, upTo, month } = run;
  const ofMonth = month === null ? '' : 'AND toYYYYMM(ingested_at) = {month:UInt32}';
  const [found] = await clickhouse.query<{ month: number; last: string; rows: string }>(
    `SELECT any(first_month) AS month, max(kafka_offset) AS last, count() AS rows
     FROM
     (
       SELECT kafka_offset, first_month, max(row_month != first_month) OVER (ORDER BY kafka_offset) AS beyond
       FROM
       (
         SELECT kafka_offset, row_month, first_value(row_month) OVER (ORDER BY kafka_offset) AS first_month
         FROM
         (
           SELECT kafka_offset, toYYYYMM(ingested_at) AS row_month
           FROM ${rawTable}
           WHERE ${SLICE} ${ofMonth}
           ORDER BY kafka_offset LIMIT {chunk_rows:UInt64}
         )
       )
     )
     WHERE NOT beyond
     HAVING rows > 0`,
    { params: { slot, after, up_to: upTo, month: month ?? 0, chunk_rows: CHUNK_ROWS } },
  );
  return found
    ? { slot, month: found.month, after, last: Number(found.last), rows: Number(found.rows) }
    : null;
}

const SLICE = 'slot = {slot:UInt16} AND kafka_offset > {after:Int64} AND kafka_offset <= {up_to:UInt64}';

/** A chunk's rows as a source; takes the parameters of `chunkParams`. */
export function chunkSource(rawTable: string): string {
  return `(SELECT * FROM ${rawTable} WHERE ${SLICE} AND toYYYYMM(ingested_at) = {month:UInt32})`;
}

export function chunkParams({ slot, month, after, last }: Chunk) {
  return { slot, month, after, up_to: last };
}

/** `INSERT INTO target (columns) SELECT columns FROM (select)`, without effect unless everything is still owned. */
export async function insertDerived(
  { clickhouse, settings, owned }: RepairContext,
  target: string,
  columns: string,
  select: string,
  chunk: Chunk,
  more: QueryParams = {},
): Promise<void> {
  await clickhouse.command(
    `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM (${select}) WHERE ${FENCE_GUARD}`,
    {
      params: { ...chunkParams(chunk), ...fenceParams(owned), ...more },
      settings: {
        ...settings,
        // a repair must never be taken for a repetition of one that died; insert_deduplicate=0 is not heeded everywhere
        insert_deduplication_token: randomUUID(),
        log_comment: ownedComment(clickhouse.database, owned, 'derive'),
      },
    },
  );
}
