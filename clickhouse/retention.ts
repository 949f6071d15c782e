import { DEDUPE_WINDOW_OFFSETS } from '../core/dedupe-window.ts';
import { ReelstreamError } from '../core/errors.ts';
import { type Aggregate, describeAggregates, RAW_TABLE } from './aggregates.ts';
import type { RepairContext } from './chunks.ts';
import type { ClickHouse } from './connection.ts';
import type { Ownership } from './fence.ts';
import { findGaps } from './gaps.ts';
import { alterOwned } from './owned-statements.ts';
import { startRebuilding } from './rebuild.ts';
import { recoverSlot } from './recover.ts';
import { type KeepReason, planRetention, type RawMonth } from './retention-plan.ts';
import { type MonthTotals, noteSeals, readMonthTotals } from './seal-totals.ts';
import { readSeals, sealedOffset } from './seals.ts';
import type { Slot } from './sink-store.ts';
import { type OwnerOptions, underFence } from './under-fence.ts';

export interface RetentionOptions extends OwnerOptions {
  readonly slots: readonly Slot[];
  /** months of ingest below this one are sealed, as 202601 */
  readonly beforeMonth: number;
  /** change nothing, only say what would be done */
  readonly dryRun?: boolean;
  /** newest offsets of each slot that stay whatever their age */
  readonly keepOffsets?: number;
}

/** `hole`: offsets are missing up to here. `differs`: an aggregate has another total than raw. */
export type Obstacle = 'hole' | 'differs';

export interface RetainedMonth extends RawMonth {
  readonly slot: Slot;
  /** `sealed`, or would be; else why it stays */
  readonly outcome: 'sealed' | KeepReason | Obstacle;
}

/**
 * Seals old months and drops their raw rows; their aggregates stay and are left alone from now on by recovery, rebuild and
 * rewind. What has a hole or a wrong total stays, because after sealing nothing can be put right any more. Sealed first, so
 * that a crash in between leaves a sealed month that still has its rows; the next call takes them.
 * @throws ReelstreamError `fenced` when a rebuild, rewind or another retention was started
 */
export async function retain(options: RetentionOptions): Promise<RetainedMonth[]> {
  const { clickhouse, slots, dryRun = false } = options;
  const aggregates = await describeAggregates(clickhouse);
  const lock = dryRun ? null : await startRebuilding(options, aggregates, slots);
  const outcomes: RetainedMonth[] = [];
  for (const slot of slots) {
    for (const one of await retainSlot(options, lock, aggregates, slot)) outcomes.push({ ...one, slot });
  }
  return outcomes;
}

type Outcome = Omit<RetainedMonth, 'slot'>;

/** @param lock null = a dry run */
async function retainSlot(
  options: RetentionOptions,
  lock: Ownership | null,
  aggregates: readonly Aggregate[],
  slot: Slot,
): Promise<Outcome[]> {
  const { clickhouse, beforeMonth, keepOffsets = DEDUPE_WINDOW_OFFSETS } = options;
  const { sealed, open } = await readRawMonths(clickhouse, slot);
  const { pieces, kept } = planRetention(open, { beforeMonth, keepOffsets });
  if (lock && sealed.length + pieces.length > 0) {
    const recoverAndDrop = async (context: RepairContext) => {
      await recoverSlot(context, aggregates, slot);
      await dropMonths(context, slot, sealed);
    };
    await underFence(options, slot, recoverAndDrop, [lock]);
  }
  const gaps = pieces.length === 0 ? [] : await findGaps(clickhouse, [slot]);
  const outcomes: Outcome[] = sealed.map((month) => ({ ...month, outcome: 'sealed' }));
  let obstacle: Obstacle | null = null;
  for (const piece of pieces) {
    if (obstacle !== null) {
      outcomes.push(...piece.map((month) => ({ ...month, outcome: 'behind' as const })));
      continue;
    }
    const totals = await readMonthTotals(clickhouse, aggregates, slot, piece);
    if (gaps.some(({ from }) => piece.some(({ last }) => from <= last))) obstacle = 'hole';
    else if (totals.some(({ isRight }) => !isRight)) obstacle = 'differs';
    else if (lock) await sealPiece(options, lock, aggregates, slot, piece, totals);
    const outcome: Outcome['outcome'] = obstacle ?? 'sealed';
    outcomes.push(...piece.map((month) => ({ ...month, outcome })));
  }
  return [...outcomes, ...kept.map(({ reason, ...month }) => ({ ...month, outcome: reason }))];
}

/** Recovered once more under this epoch: no swap of these months may be under way, or it would be finished without raw. */
async function sealPiece(
  options: OwnerOptions,
  lock: Ownership,
  aggregates: readonly Aggregate[],
  slot: Slot,
  piece: readonly RawMonth[],
  totals: readonly MonthTotals[],
): Promise<void> {
  const seal = async (context: RepairContext) => {
    await recoverSlot(context, aggregates, slot);
    const { open, sealed } = await readRawMonths(options.clickhouse, slot);
    const now = [...sealed, ...open].filter(({ month }) => piece.some((one) => one.month === month));
    if (JSON.stringify(now) !== JSON.stringify(piece)) {
      throw new ReelstreamError('clickhouse', `events_raw of slot ${slot} changed meanwhile: start again`);
    }
    await noteSeals(context, slot, piece, totals);
    await dropMonths(context, slot, piece);
  };
  await underFence(options, slot, seal, [lock]);
}

/** What a late DROP of a former owner finds is sealed: nobody else wants it either. */
async function dropMonths(
  context: RepairContext,
  slot: Slot,
  months: readonly { readonly month: number }[],
): Promise<void> {
  for (const { month } of months) {
    const drop = `ALTER TABLE ${RAW_TABLE} DROP PARTITION ({slot:UInt16}, {month:UInt32})`;
    await alterOwned(context, [drop], { slot, month });
  }
}

/** The months of a slot in raw; `sealed` ones were left by a run that died before it had dropped them. */
async function readRawMonths(
  clickhouse: ClickHouse,
  slot: Slot,
): Promise<{ readonly sealed: RawMonth[]; readonly open: RawMonth[] }> {
  const rows = await clickhouse.query<{ month: number; rows: string; first: string; last: string }>(
    `SELECT toYYYYMM(ingested_at) AS month, count() AS rows, min(kafka_offset) AS first, max(kafka_offset) AS last
     FROM ${RAW_TABLE} WHERE slot = {slot:UInt16} GROUP BY month ORDER BY first`,
    { params: { slot } },
  );
  const sealedTo = sealedOffset(await readSeals(clickhouse, [slot]), slot);
  const months = rows.map(({ month, rows: n, first, last }) => ({
    month,
    rows: Number(n),
    first: Number(first),
    last: Number(last),
  }));
  return {
    sealed: months.filter(({ last }) => last <= sealedTo),
    open: months.filter(({ last }) => last > sealedTo),
  };
}
