import { ReelstreamError } from '../core/errors.ts';
import { type InsertContext, insertBatch } from './insert-batch.ts';
import type { FencedBatch, FencedRun } from './sink-store.ts';

/**
 * One INSERT runs on one thread, because a block must stay one part. Two with different slots use two cores; below this
 * size a second statement costs more than it gives.
 */
const WORTH_SPLITTING_ROWS = 10_000;

/**
 * Sends a batch as one INSERT or two; resolves when every one has landed. A slot is wholly in one statement, so for each slot
 * it is the protocol of a single INSERT. When one fails the other is waited for: its outcome must not stay open.
 * @throws ReelstreamError as `insertBatch`; `fenced` first, because it names slots
 */
export async function insertSideBySide(
  context: InsertContext,
  batch: FencedBatch,
  stamp: { readonly ingestedAtMs: number; readonly send: number },
): Promise<void> {
  const halves = splitBatch(batch, WORTH_SPLITTING_ROWS);
  const outcomes = await Promise.allSettled(halves.map((half) => insertBatch(context, half, stamp)));
  const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (failures.length > 0) throw failures.find(isFencedError) ?? failures[0];
}

function isFencedError(thrown: unknown): boolean {
  return thrown instanceof ReelstreamError && thrown.code === 'fenced';
}

/** Cuts between two slots, as near to the middle as possible; small batches and single slots stay whole. */
export function splitBatch(batch: FencedBatch, worthSplittingRows: number): FencedBatch[] {
  if (batch.rows < worthSplittingRows || batch.slots.length < 2) return [batch];
  let rows = 0;
  const distances = batch.slots.slice(0, -1).map((run) => {
    rows += run.rows;
    return Math.abs(batch.rows / 2 - rows);
  });
  const cut = distances.indexOf(Math.min(...distances)) + 1;
  const bytes = sum(batch.slots.slice(0, cut), 'bytes');
  return [
    pieceOf(batch.slots.slice(0, cut), batch.body.subarray(0, bytes)),
    pieceOf(batch.slots.slice(cut), batch.body.subarray(bytes)),
  ];
}

function pieceOf(slots: readonly FencedRun[], body: Buffer): FencedBatch {
  return { rows: sum(slots, 'rows'), body, slots };
}

function sum(slots: readonly FencedRun[], of: 'rows' | 'bytes'): number {
  return slots.reduce((total, run) => total + run[of], 0);
}
