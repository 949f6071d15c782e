import { type Aggregate, columnList } from './aggregates.ts';
import {
  type Chunk,
  chunkParams,
  chunkSource,
  forEachChunk,
  insertDerived,
  type RepairContext,
  type RunOfRows,
} from './chunks.ts';

/** What an aggregate's view makes of raw goes into `table`, from behind the offset up to which it has it. */
export interface FillTarget {
  readonly aggregate: Aggregate;
  readonly table: string;
  /** only offsets above; -1 = all */
  readonly after: number;
}

/**
 * Derives a run of rows into several aggregates. Killed before a chunk's rename, nothing of it happened; after it,
 * applied_offset has moved, and the next call goes on there.
 * @returns per target, rows of raw in the chunks that contributed anything
 */
export async function fill(
  context: RepairContext,
  run: Omit<RunOfRows, 'after'>,
  targets: readonly FillTarget[],
): Promise<number[]> {
  const rows = targets.map(() => 0);
  const behind = targets.filter(({ after }) => after < run.upTo);
  if (behind.length === 0) return rows;
  const after = Math.min(...behind.map((target) => target.after));
  await forEachChunk(context, { ...run, after }, async (chunk) => {
    for (const target of behind.filter((one) => one.after < chunk.last)) {
      const own = { ...chunk, after: Math.max(chunk.after, target.after) };
      if (await derive(context, run.rawTable, target, own)) rows[targets.indexOf(target)]! += chunk.rows;
    }
  });
  return rows;
}

/** @returns false when the chunk contributes nothing */
async function derive(
  context: RepairContext,
  rawTable: string,
  { aggregate, table }: FillTarget,
  chunk: Chunk,
): Promise<boolean> {
  const derived = aggregate.selectFrom(chunkSource(rawTable));
  const [owed] = await context.clickhouse.query<{ any: number }>(
    `SELECT count() > 0 AS any FROM (SELECT 1 FROM (${derived}) LIMIT 1)`,
    { params: chunkParams(chunk) },
  );
  if (!owed?.any) return false;
  await insertDerived(context, table, columnList(aggregate), derived, chunk);
  return true;
}
