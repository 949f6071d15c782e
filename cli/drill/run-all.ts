import { toReelstreamError } from '../../core/errors.ts';
import type { DrillCase } from './drill-case.ts';
import { type AnyDrill, type DrillResult, isOnHistory, notDone } from './drill-result.ts';
import type { HistoryDrill } from './history/history-drill.ts';

/** The two ways of drilling, each with a stack of its own. */
export interface Ways {
  /** @throws ReelstreamError `unavailable` when this machine cannot drill on history */
  requireHistory(): void;
  running(drills: readonly DrillCase[]): Promise<DrillResult[]>;
  onHistory(drills: readonly HistoryDrill[]): Promise<DrillResult[]>;
}

/**
 * First those in a running pipeline, then those on history. What is missing is told before minutes have passed, and results that
 * are there are not lost to a second stack that does not start.
 */
export async function runAll(drills: readonly AnyDrill[], ways: Ways): Promise<DrillResult[]> {
  const onHistory = drills.filter(isOnHistory);
  const running = drills.filter((drill): drill is DrillCase => !isOnHistory(drill));
  if (onHistory.length > 0) ways.requireHistory();
  const results = running.length > 0 ? await ways.running(running) : [];
  if (onHistory.length === 0) return results;
  try {
    return [...results, ...(await ways.onHistory(onHistory))];
  } catch (thrown) {
    const error = toReelstreamError(thrown);
    if (results.length === 0 || error.code === 'halted') throw error;
    return [...results, ...onHistory.map((drill) => notDone(drill, `not done: ${error.message}`))];
  }
}
