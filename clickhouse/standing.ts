import { type Aggregate, RAW_TABLE } from './aggregates.ts';
import type { ClickHouse } from './connection.ts';
import { readSeals, type Seal, sealedOffset } from './seals.ts';
import type { Slot } from './sink-store.ts';

/** The last row of a slot in raw: its position. */
export interface LastRow {
  readonly offset: number;
  readonly logTsMs: number;
  readonly valueHash: bigint;
}

/** Where a slot stands: in raw, and in each aggregate (highest offset that contributed, -1 for none). */
export interface Standing {
  readonly last: LastRow | null;
  /** highest offset that the slot ever had for good: of raw's last row, or sealed; -1 for none */
  readonly position: number;
  /** nothing up to their highest offset can be derived again */
  readonly seals: readonly Seal[];
  readonly applied: readonly number[];
}

/** Which tables to look at: the live ones, or clones of them. */
export type TableName = (table: string) => string;
export const live: TableName = (table) => table;

/** Three statements for any number of slots, because a claim has to be quick and a statement has its price. */
export async function readStanding(
  clickhouse: ClickHouse,
  aggregates: readonly Aggregate[],
  slots: readonly Slot[],
  tableName: TableName = live,
): Promise<Map<Slot, Standing>> {
  const [last, seals] = await Promise.all([
    lastRows(clickhouse, tableName(RAW_TABLE), slots),
    readSeals(clickhouse, slots),
  ]);
  const positions = slots.map((slot) => Math.max(last.get(slot)?.offset ?? -1, sealedOffset(seals, slot)));
  const tables = aggregates.map(({ table }) => tableName(table));
  const applied = await appliedOffsets(
    clickhouse,
    slots.flatMap((slot, i) => tables.map((table) => ({ slot, table, near: positions[i]! }))),
  );
  return new Map(
    slots.map((slot, i) => [
      slot,
      {
        last: last.get(slot) ?? null,
        position: positions[i]!,
        seals: seals.filter((seal) => seal.slot === slot),
        applied: applied.slice(i * tables.length, (i + 1) * tables.length),
      },
    ]),
  );
}

/** Per slot the highest offset that it ever had for good, -1 for none: of raw's last row, or sealed. */
export async function readPositions(
  clickhouse: ClickHouse,
  slots: readonly Slot[],
): Promise<Map<Slot, number>> {
  const standing = await readStanding(clickhouse, [], slots);
  return new Map([...standing].map(([slot, { position }]) => [slot, position]));
}

/** Read backwards through the sorting key, so its cost does not grow with the table; max() would read the whole column. */
export async function lastRows(
  clickhouse: ClickHouse,
  rawTable: string,
  slots: readonly Slot[],
): Promise<Map<Slot, LastRow>> {
  if (slots.length === 0) return new Map();
  const ofSlot = (i: number) =>
    `(SELECT slot, kafka_offset AS offset, toUnixTimestamp64Milli(log_ts) AS logTsMs, value_hash AS valueHash
      FROM ${rawTable} WHERE slot = {slot_${i}:UInt16} ORDER BY kafka_offset DESC LIMIT 1)`;
  const rows = await clickhouse.query<{ slot: Slot; offset: string; logTsMs: string; valueHash: string }>(
    slots.map((_, i) => ofSlot(i)).join(' UNION ALL '),
    { params: Object.fromEntries(slots.map((slot, i) => [`slot_${i}`, slot])) },
  );
  return new Map(
    rows.map(({ slot, offset, logTsMs, valueHash }) => [
      slot,
      { offset: Number(offset), logTsMs: Number(logTsMs), valueHash: BigInt(valueHash) },
    ]),
  );
}

export async function lastOffset(clickhouse: ClickHouse, rawTable: string, slot: Slot): Promise<number> {
  return (await lastRows(clickhouse, rawTable, [slot])).get(slot)?.offset ?? -1;
}

/** Offsets below the last one among which an aggregate's highest is looked for first: a few batches. */
const NEAR_OFFSETS = 200_000;

interface AppliedQuestion {
  readonly slot: Slot;
  readonly table: string;
  /** offset near which the answer is expected */
  readonly near: number;
}

/**
 * Highest offset that contributed to a slot of a table, -1 for none. The first look is narrow, because the minmax index finds
 * the newest rows at once; only a table that is far behind is read whole.
 */
export async function appliedOffsets(
  clickhouse: ClickHouse,
  questions: readonly AppliedQuestion[],
): Promise<number[]> {
  const from = ({ near }: AppliedQuestion) => Math.max(0, near - NEAR_OFFSETS);
  const answers = await highest(
    clickhouse,
    questions.map((question) => ({ ...question, from: from(question) })),
  );
  const open = questions.filter((question, i) => answers[i] === -1 && from(question) > 0);
  if (open.length === 0) return answers;
  const whole = await highest(
    clickhouse,
    open.map((question) => ({ ...question, from: 0 })),
  );
  return answers.map((answer, i) => {
    const at = open.indexOf(questions[i]!);
    return at === -1 ? answer : whole[at]!;
  });
}

async function highest(
  clickhouse: ClickHouse,
  questions: readonly { slot: Slot; table: string; from: number }[],
): Promise<number[]> {
  const found = Array<number>(questions.length).fill(-1);
  if (questions.length === 0) return found;
  const one = (table: string, i: number) =>
    `(SELECT toUInt32(${i}) AS question, max(t.applied_offset) AS applied FROM ${table} AS t
      WHERE slot = {slot_${i}:UInt16} AND t.applied_offset >= {from_${i}:UInt64} HAVING count() > 0)`;
  const rows = await clickhouse.query<{ question: number; applied: string }>(
    questions.map(({ table }, i) => one(table, i)).join(' UNION ALL '),
    {
      params: Object.fromEntries(
        questions.flatMap(({ slot, from }, i) => [
          [`slot_${i}`, slot],
          [`from_${i}`, from],
        ]),
      ),
    },
  );
  for (const { question, applied } of rows) found[question] = Number(applied);
  return found;
}

/** Months in which an aggregate has contributions from above `offset`. */
export async function monthsAhead(
  clickhouse: ClickHouse,
  table: string,
  slot: Slot,
  offset: number,
): Promise<number[]> {
  const rows = await clickhouse.query<{ month: number }>(
    `SELECT DISTINCT ingest_month AS month FROM ${table}
     WHERE slot = {slot:UInt16} AND applied_offset >= {from:UInt64} ORDER BY month`,
    { params: { slot, from: offset + 1 } },
  );
  return rows.map(({ month }) => month);
}
