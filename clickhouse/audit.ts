import { type Aggregate, describeAggregates, RAW_TABLE } from './aggregates.ts';
import { cloneTables, recoverClones } from './audit-clones.ts';
import type { RepairContext } from './chunks.ts';
import { type Comparison, compareWithRaw } from './compare.ts';
import type { ClickHouse } from './connection.ts';
import { readDeliverySettings } from './delivery-settings.ts';
import { AUDIT_LOCK, assertOwned, takeEpoch } from './fence.ts';
import { findGaps, type Gap } from './gaps.ts';
import { dropTablesNamed, SCRATCH_PREFIXES } from './scratch-tables.ts';
import type { Seal } from './seals.ts';
import type { Slot } from './sink-store.ts';

export interface TableAudit extends Comparison {
  readonly table: string;
  readonly rows: number;
}

/** A sealed month whose control total in an aggregate is not the one that was noted when it was sealed. */
export interface SealDifference {
  readonly slot: Slot;
  readonly month: number;
  readonly table: string;
  readonly expected: number;
  readonly found: number;
}

export interface AuditReport {
  readonly exact: boolean;
  readonly slots: readonly Slot[];
  readonly rawRows: number;
  readonly gaps: readonly Gap[];
  /** slots in the middle of a swap: nothing can be said before they are recovered */
  readonly unfinished: readonly Slot[];
  readonly tables: readonly TableAudit[];
  /** months without raw: only their control totals are compared */
  readonly sealed: { readonly months: number; readonly differing: readonly SealDifference[] };
}

/**
 * Proves, or refutes, that every aggregate equals what its view makes of raw, key by key, and that raw has every offset once.
 * Live tables are never compared: they move. The slots' partitions are cloned, the clones are recovered like after a crash and
 * then compared. Streaming goes on.
 * @throws ReelstreamError `fenced` when a second audit was started: it takes over
 */
export async function audit(clickhouse: ClickHouse, slots: readonly Slot[]): Promise<AuditReport> {
  const aggregates = await describeAggregates(clickhouse);
  const settings = await readDeliverySettings(clickhouse);
  const lock = { slot: AUDIT_LOCK, epoch: await takeEpoch(clickhouse, [AUDIT_LOCK]) };
  const context: RepairContext = { clickhouse, settings, owned: [lock] };
  await dropTablesNamed(clickhouse, SCRATCH_PREFIXES.audit);
  try {
    return await auditClones(
      context,
      aggregates,
      slots,
      (table) => `${SCRATCH_PREFIXES.audit}${lock.epoch}_${table}`,
    );
  } catch (thrown) {
    // a clone that is gone was dropped by the audit that took over
    await assertOwned(clickhouse, [lock]);
    throw thrown;
  } finally {
    await dropTablesNamed(clickhouse, `${SCRATCH_PREFIXES.audit}${lock.epoch}_`);
  }
}

async function auditClones(
  context: RepairContext,
  aggregates: readonly Aggregate[],
  slots: readonly Slot[],
  cloneOf: (table: string) => string,
): Promise<AuditReport> {
  const { clickhouse } = context;
  const { seals, unfinished } = await cloneTables(context, aggregates, cloneOf, slots);
  const rawTable = cloneOf(RAW_TABLE);
  await recoverClones(context, aggregates, cloneOf, slots, seals);
  const rows = await countRows(clickhouse, cloneOf(''));
  const rawRows = rows.get(rawTable) ?? 0;
  const groups = rawRows > TOGETHER_ROWS ? slots.map((slot) => [slot]) : [slots];
  const tables: TableAudit[] = [];
  for (const aggregate of aggregates) {
    const clone = cloneOf(aggregate.table);
    const comparison = await compareGroups(clickhouse, aggregate, clone, rawTable, groups);
    tables.push({ table: aggregate.table, rows: rows.get(clone) ?? 0, ...comparison });
  }
  const gaps = await findGaps(clickhouse, slots, rawTable);
  const differing = await compareSeals(clickhouse, aggregates, seals);
  const isExact = tables.every((one) => one.differing === 0);
  return {
    exact: isExact && gaps.length === 0 && unfinished.length === 0 && differing.length === 0,
    slots,
    rawRows,
    gaps,
    unfinished,
    tables,
    sealed: { months: seals.length, differing },
  };
}

/** Up to here all slots are compared with one statement, beyond it one by one, for the memory it takes. */
const TOGETHER_ROWS = 2_000_000;

async function compareGroups(
  clickhouse: ClickHouse,
  aggregate: Aggregate,
  clone: string,
  rawTable: string,
  groups: readonly (readonly Slot[])[],
): Promise<Comparison> {
  const parts: Comparison[] = [];
  for (const slots of groups) parts.push(await compareWithRaw(clickhouse, aggregate, clone, rawTable, slots));
  return {
    keys: sumOf(parts.map(({ keys }) => keys)),
    differing: sumOf(parts.map(({ differing }) => differing)),
    examples: parts.flatMap(({ examples }) => examples),
    months: parts.flatMap(({ months }) => months),
  };
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0);

async function compareSeals(
  clickhouse: ClickHouse,
  aggregates: readonly Aggregate[],
  seals: readonly Seal[],
): Promise<SealDifference[]> {
  if (seals.length === 0) return [];
  const differing: SealDifference[] = [];
  for (const { table } of aggregates) {
    const rows = await clickhouse.query<{ slot: Slot; month: number; total: string }>(
      `SELECT slot, ingest_month AS month, sum(t.n) AS total FROM ${table} AS t
       WHERE slot IN {slots:Array(UInt16)} AND month IN {months:Array(UInt32)} GROUP BY slot, month`,
      { params: { slots: seals.map(({ slot }) => slot), months: seals.map(({ month }) => month) } },
    );
    for (const { slot, month, totals } of seals) {
      // a table that is younger than the seal: the file that made it derived the month from another aggregate
      if (totals[table] === undefined) continue;
      const expected = Number(totals[table]);
      const found = Number(rows.find((row) => row.slot === slot && row.month === month)?.total ?? 0);
      if (found !== expected) differing.push({ slot, month, table, expected, found });
    }
  }
  return differing;
}

/** By table, for the tables that begin so. */
async function countRows(clickhouse: ClickHouse, prefix: string): Promise<Map<string, number>> {
  const found = await clickhouse.query<{ table: string; n: string }>(
    `SELECT table, sum(rows) AS n FROM system.parts
     WHERE active AND database = {database:String} AND startsWith(table, {prefix:String}) GROUP BY table`,
    { params: { database: clickhouse.database, prefix } },
  );
  return new Map(found.map(({ table, n }) => [table, Number(n)]));
}
