import { type Aggregate, describeAggregates, RAW_TABLE } from './aggregates.ts';
import type { RepairContext } from './chunks.ts';
import { compareWithRaw } from './compare.ts';
import type { ClickHouse } from './connection.ts';
import { readDeliverySettings } from './delivery-settings.ts';
import { AUDIT_LOCK, takeEpoch } from './fence.ts';
import { fill } from './fill.ts';
import { findGaps, type Gap } from './gaps.ts';
import type { Slot } from './sink-store.ts';
import { readStanding, type TableName } from './standing.ts';
import { unfinishedSwaps } from './swap.ts';

export interface TableAudit {
  readonly table: string;
  readonly rows: number;
  readonly keys: number;
  readonly differing: number;
  readonly examples: readonly string[];
}

export interface AuditReport {
  readonly exact: boolean;
  readonly slots: readonly Slot[];
  readonly rawRows: number;
  readonly gaps: readonly Gap[];
  /** slots in the middle of a swap: nothing can be said before they are recovered */
  readonly unfinished: readonly Slot[];
  readonly tables: readonly TableAudit[];
}

/**
 * Proves, or refutes, that every aggregate equals what its view makes of raw, key by key, and that raw has every offset once.
 * Live tables are never compared: they move. The slots' partitions are cloned by hard links, aggregates first and then raw,
 * so that raw is the newest; the clones are recovered like after a crash and then compared. Streaming goes on.
 * A second audit at the same time takes over: the first one's clones go.
 */
export async function audit(clickhouse: ClickHouse, slots: readonly Slot[]): Promise<AuditReport> {
  const settings = await readDeliverySettings(clickhouse);
  const context: RepairContext = { clickhouse, settings, owned: [] };
  const aggregates = await describeAggregates(clickhouse);
  const epoch = await takeEpoch(clickhouse, [AUDIT_LOCK]);
  await dropClones(clickhouse);
  const cloneOf = (table: string) => `${CLONE_PREFIX}${epoch}_${table}`;
  try {
    const tables = [...aggregates.map(({ table }) => table), RAW_TABLE];
    for (const table of tables) await clickhouse.command(`CREATE TABLE ${cloneOf(table)} AS ${table}`);
    const unfinished = (await unfinishedSwaps(clickhouse, slots)).map(({ slot }) => slot);
    for (const table of tables) await clonePartitions(clickhouse, table, cloneOf(table), slots);
    const rawRows = await countRows(clickhouse, cloneOf(RAW_TABLE));
    await recoverClones(context, aggregates, cloneOf, slots);
    const groups = rawRows > TOGETHER_ROWS ? slots.map((slot) => [slot]) : [slots];
    const compared: TableAudit[] = [];
    for (const aggregate of aggregates)
      compared.push(await auditTable(clickhouse, aggregate, cloneOf, groups));
    const gaps: Gap[] = [];
    for (const slot of slots) gaps.push(...(await findGaps(clickhouse, cloneOf(RAW_TABLE), slot)));
    return {
      exact:
        gaps.length === 0 && unfinished.length === 0 && compared.every(({ differing }) => differing === 0),
      slots,
      rawRows,
      gaps,
      unfinished,
      tables: compared,
    };
  } finally {
    await dropClones(clickhouse, `${epoch}_`);
  }
}

const CLONE_PREFIX = 'audit_';

/** Up to here all slots are compared with one statement, beyond it one by one, for the memory it takes. */
const TOGETHER_ROWS = 2_000_000;

/**
 * The newest month first: a row of an older month that comes in between is then in the older clone, and no clone is newer
 * than what it lacks. Sealed months have no raw to be compared with.
 */
async function clonePartitions(
  clickhouse: ClickHouse,
  table: string,
  clone: string,
  slots: readonly Slot[],
): Promise<void> {
  const found = await clickhouse.query<{ id: string }>(
    `SELECT DISTINCT partition_id AS id,
            toUInt16OrZero(splitByChar('-', id)[1]) AS slot, toUInt32OrZero(splitByChar('-', id)[2]) AS month
     FROM system.parts
     WHERE database = {database:String} AND table = {table:String} AND active AND slot IN {slots:Array(UInt16)}
       AND (slot, month) NOT IN (SELECT slot, ingest_month FROM sealed_months)
     ORDER BY month DESC`,
    { params: { database: clickhouse.database, table, slots } },
  );
  for (const { id } of found) {
    await clickhouse.command(`ALTER TABLE ${clone} ATTACH PARTITION ID {id:String} FROM ${table}`, {
      params: { id },
    });
  }
}

async function recoverClones(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  cloneOf: TableName,
  slots: readonly Slot[],
): Promise<void> {
  const rawTable = cloneOf(RAW_TABLE);
  for (const [slot, { last, applied }] of await readStanding(
    context.clickhouse,
    aggregates,
    slots,
    cloneOf,
  )) {
    for (const [i, aggregate] of aggregates.entries()) {
      const run = { rawTable, slot, after: applied[i]!, upTo: last?.offset ?? -1, month: null };
      if (run.after < run.upTo) await fill(context, { ...run, aggregate, target: cloneOf(aggregate.table) });
    }
  }
}

async function auditTable(
  clickhouse: ClickHouse,
  aggregate: Aggregate,
  cloneOf: TableName,
  groups: readonly (readonly Slot[])[],
): Promise<TableAudit> {
  const { table } = aggregate;
  const found = { keys: 0, differing: 0, examples: [] as string[] };
  for (const slots of groups) {
    const of = await compareWithRaw(clickhouse, aggregate, cloneOf(table), cloneOf(RAW_TABLE), slots);
    found.keys += of.keys;
    found.differing += of.differing;
    found.examples.push(...of.examples);
  }
  return { table, rows: await countRows(clickhouse, cloneOf(table)), ...found };
}

async function countRows(clickhouse: ClickHouse, table: string): Promise<number> {
  const [row] = await clickhouse.query<{ rows: string }>(`SELECT count() AS rows FROM ${table}`);
  return Number(row!.rows);
}

/** Without a name: the clones of every audit, also of those that died. */
async function dropClones(clickhouse: ClickHouse, ofAudit = ''): Promise<void> {
  const clones = await clickhouse.query<{ name: string }>(
    'SELECT name FROM system.tables WHERE database = {database:String} AND startsWith(name, {prefix:String})',
    { params: { database: clickhouse.database, prefix: CLONE_PREFIX + ofAudit } },
  );
  for (const { name } of clones) await clickhouse.command(`DROP TABLE IF EXISTS ${name} SYNC`);
}
