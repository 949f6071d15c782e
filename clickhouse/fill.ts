import { type Aggregate, columnList } from './aggregates.ts';
import {
  chunkParams,
  chunkSource,
  forEachChunk,
  insertDerived,
  type RepairContext,
  type RunOfRows,
} from './chunks.ts';

export interface FillOptions extends RunOfRows {
  readonly aggregate: Aggregate;
  readonly target: string;
}

/**
 * Derives a run of rows into an aggregate. Killed before a chunk's rename, nothing of it happened; after it, applied_offset
 * has moved, and the next call goes on there.
 * @returns rows of raw in the chunks that contributed anything
 */
export async function fill(context: RepairContext, options: FillOptions): Promise<number> {
  const { aggregate, target, rawTable } = options;
  const derived = aggregate.selectFrom(chunkSource(rawTable));
  let rows = 0;
  await forEachChunk(context, options, async (chunk) => {
    const [owed] = await context.clickhouse.query<{ any: number }>(
      `SELECT count() > 0 AS any FROM (SELECT 1 FROM (${derived}) LIMIT 1)`,
      { params: chunkParams(chunk) },
    );
    if (!owed?.any) return;
    await insertDerived(context, target, columnList(aggregate), derived, chunk);
    rows += chunk.rows;
  });
  return rows;
}
