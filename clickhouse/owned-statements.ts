import type { RepairContext } from './chunks.ts';
import type { ClickHouse, QueryParams } from './connection.ts';
import { assertOwned, FENCE_GUARD, fenceParams, type Ownership, ownedComment } from './fence.ts';

/**
 * One after the other. DDL cannot carry the guard. Looking first keeps a former owner from disturbing its successor; what slips through finds no
 * twin, or swaps in the very rows that the successor swaps in.
 */
export async function alterOwned(
  { clickhouse, settings, owned }: RepairContext,
  statements: readonly string[],
  params: QueryParams = {},
): Promise<void> {
  if (statements.length === 0) return;
  await assertOwned(clickhouse, owned);
  const log_comment = ownedComment(clickhouse.database, owned, 'alter');
  for (const statement of statements) {
    await clickhouse.command(statement, { params, settings: { ...settings, log_comment } });
  }
}

interface OwnedNote {
  readonly clickhouse: ClickHouse;
  readonly owned: readonly Ownership[];
}

/** An INSERT … SELECT into one of the protocol's own small tables, without effect unless everything is still owned. */
export async function insertNote(
  { clickhouse, owned }: OwnedNote,
  insertSelect: string,
  params: QueryParams,
): Promise<void> {
  await clickhouse.command(`${insertSelect} WHERE ${FENCE_GUARD}`, {
    params: { ...params, ...fenceParams(owned) },
    settings: {
      async_insert: 0,
      insert_deduplicate: 0,
      allow_custom_error_code_in_throwif: 1,
      log_comment: ownedComment(clickhouse.database, owned, 'note'),
    },
  });
}
