import type { LoadDeps, LoadResult } from '../../catalog/load.ts';
import { toReelstreamError } from '../../core/errors.ts';
import { type CheckResult, runLoadChecks } from '../../reconciler/run-checks.ts';
import { printLine, printTable } from '../print.ts';

/**
 * Counts source, table and yesterday once a new version is live. The version stays live whatever they say: that they failed,
 * or could not be run, is logged.
 */
export async function checkLoad(
  { clickhouse, clock, logger }: Pick<LoadDeps, 'clickhouse' | 'clock' | 'logger'>,
  { status, version }: Pick<LoadResult, 'status' | 'version'>,
): Promise<CheckResult[]> {
  if (status === 'unchanged') return [];
  try {
    const results = await runLoadChecks(clickhouse, clock.nowMs());
    for (const { name, outcome, severity, reason } of results) {
      if (outcome === 'failed') logger.warn({ version, check: name, severity }, reason);
    }
    return results;
  } catch (thrown) {
    const { code, message } = toReelstreamError(thrown);
    logger.warn({ version, code, error: message }, 'the catalogue is live, and its checks could not be run');
    return [];
  }
}

/** One line for each check, the failed ones first; nothing when none was run. */
export function printChecks(results: readonly CheckResult[]): void {
  if (results.length === 0) return;
  const order = ['failed', 'skipped', 'passed'];
  const sorted = [...results].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
  printLine();
  printTable(
    ['check', 'outcome', 'value', 'expected', 'why'],
    sorted.map(({ name, outcome, value, expectation, reason }) => [
      name,
      outcome,
      value,
      expectation,
      outcome === 'passed' ? '' : reason,
    ]),
  );
}
