import type { ClickHouse, Settings } from './connection.ts';
import type { Slot } from './sink-store.ts';

/**
 * Sent with every INSERT of the protocol, because defaults changed between versions and each of them is a precondition:
 * one block, one thread and no limits on block size: one INSERT gives one part per table and slot;
 * views in a fixed order, their errors are the statement's errors; tokens reach the views' tables;
 * no merging inside a block: the views' keys are unique in it, and the merge costs as much as writing.
 */
const ALWAYS: Settings = {
  async_insert: 0,
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  parallel_view_processing: 0,
  max_insert_threads: 1,
  materialized_views_ignore_errors: 0,
  optimize_on_insert: 0,
  min_insert_block_size_rows: 10_000_000,
  min_insert_block_size_bytes: 4_000_000_000,
  allow_custom_error_code_in_throwif: 1,
};

/**
 * Sent where the server knows them. The first (from 26.6) asks for what is otherwise only observed: raw commits before the
 * views. The second allows what older servers do unasked: an empty twin empties the partition.
 */
const WHERE_KNOWN: Settings = {
  wait_for_part_commit_in_dependent_materialized_views: 1,
  allow_replace_partition_from_empty_source: 1,
};

/** Settings of every statement of the protocol, for the server behind this connection. */
export async function readDeliverySettings(clickhouse: ClickHouse): Promise<Settings> {
  const known = await clickhouse.query<{ name: string }>(
    'SELECT name FROM system.settings WHERE name IN {names:Array(String)}',
    { params: { names: Object.keys(WHERE_KNOWN) } },
  );
  return { ...ALWAYS, ...Object.fromEntries(known.map(({ name }) => [name, WHERE_KNOWN[name]!])) };
}

/** First part of the log_comment of every statement that changes slots of this database. */
export function commentPrefix(database: string): string {
  return `reelstream/${database}/`;
}

/**
 * `reelstream/<database>/<slot,slot…>/<rest>`: names the slots a statement changes. The drain finds statements of former
 * owners by it, so every INSERT and ALTER of a slot carries one.
 */
export function slotComment(database: string, slots: readonly Slot[], rest: string): string {
  return `${commentPrefix(database)}${slots.join(',')}/${rest}`;
}
