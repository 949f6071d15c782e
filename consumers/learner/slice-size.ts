/** A slice may grow by this factor, so that one quick slice does not make the next one long. */
const GROWTH = 1.5;
/** What is aimed at: records differ in what they cost. */
const AIM = 0.6;
const MAX_RECORDS = 4_096;

/** Records that the next slice takes, when `size` of them took `elapsedMs` and `budgetMs` is what a slice may take. */
export function nextSliceSize(size: number, elapsedMs: number, budgetMs: number): number {
  const ratio = Math.min(GROWTH, (budgetMs * AIM) / Math.max(elapsedMs, 1e-3));
  return Math.max(1, Math.min(MAX_RECORDS, Math.ceil(size * ratio)));
}
