import { ReelstreamError } from '../core/errors.ts';
import { RAW_TABLE } from './aggregates.ts';
import type { ClickHouse, Settings } from './connection.ts';
import { slotComment } from './delivery-settings.ts';
import { FENCE_GUARD, fenceParams, namedIfFenced } from './fence.ts';
import { BODY_COLUMN_NAMES, BODY_MARKER_ROW, BODY_STRUCTURE } from './raw-columns.ts';
import type { FencedBatch } from './sink-store.ts';

/** CANNOT_READ_ALL_DATA: our guard gives it for a body with fewer rows, the server for one that ends inside a row. */
const SHORT_BODY_NUMBER = 33;

/**
 * One statement carries rows, fence and row count. A short body or a stale epoch ends it before anything is written: some
 * servers take a cut body for a whole one. The marker row makes the count run even when not a single row arrived.
 */
const insertInto = (table: string) => `
  INSERT INTO ${table} (${BODY_COLUMN_NAMES}, ingested_at)
  SELECT ${BODY_COLUMN_NAMES}, fromUnixTimestamp64Milli({ingested_at_ms:Int64}, 'UTC') AS ingested_at
  FROM
  (
    SELECT *, count() OVER () AS arrived FROM
    (
      SELECT ${BODY_COLUMN_NAMES}, 0 AS is_marker FROM input('${BODY_STRUCTURE}')
      UNION ALL
      SELECT ${BODY_MARKER_ROW}, 1 AS is_marker
    )
  )
  WHERE throwIf(arrived != {rows:UInt64} + 1, 'short body: rows are missing', toInt32(${SHORT_BODY_NUMBER})) = 0
    AND is_marker = 0
    AND ${FENCE_GUARD}
  FORMAT RowBinary`;

export interface InsertContext {
  readonly clickhouse: ClickHouse;
  readonly settings: Settings;
  readonly insertTimeoutMs: number;
  /** another table than raw: for the self-test */
  readonly table?: string;
}

/**
 * Sends a batch once. Anything but a clean return leaves open whether it landed.
 * @throws ReelstreamError `fenced` with the lost slots in details, `short_body`, `clickhouse`, `unavailable`, `timeout`
 */
export async function insertBatch(
  { clickhouse, settings, insertTimeoutMs, table = RAW_TABLE }: InsertContext,
  batch: FencedBatch,
  { ingestedAtMs, send }: { readonly ingestedAtMs: number; readonly send: number },
): Promise<void> {
  const token = slotComment(
    clickhouse.database,
    batch.slots.map(({ slot }) => slot),
    `${batch.slots.map(({ epoch, first, last }) => `${epoch}:${first}-${last}`).join(',')}.${send}`,
  );
  const deadline = AbortSignal.timeout(insertTimeoutMs);
  try {
    await clickhouse.insertBytes(insertInto(table), batch.body, {
      params: { ingested_at_ms: ingestedAtMs, rows: batch.rows, ...fenceParams(batch.slots) },
      settings: {
        ...settings,
        // unique per send: what it has to absorb is a proxy that repeats the very same request
        insert_deduplication_token: token,
        log_comment: token,
        max_execution_time: Math.ceil(insertTimeoutMs / 1000),
      },
      signal: deadline,
    });
  } catch (thrown) {
    if (deadline.aborted) {
      throw new ReelstreamError('timeout', `INSERT: no answer within ${insertTimeoutMs} ms`, {
        cause: thrown,
      });
    }
    throw await explain(clickhouse, batch, thrown);
  }
}

async function explain(clickhouse: ClickHouse, batch: FencedBatch, thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof ReelstreamError) || thrown.code !== 'clickhouse') return thrown;
  if (thrown.details.number === SHORT_BODY_NUMBER) {
    return new ReelstreamError('short_body', `fewer than ${batch.rows} rows arrived; nothing was written`, {
      cause: thrown,
    });
  }
  return namedIfFenced(clickhouse, batch.slots, thrown);
}
