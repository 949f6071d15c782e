import type { ClickHouse } from '../clickhouse/connection.ts';
import { type Check, type CheckVerdict, checkFault, judgeCheck, measuresOf } from '../core/checks.ts';
import { CATALOGUE_CHECKS } from './catalogue-checks.ts';
import { catalogueMeasures } from './catalogue-measures.ts';
import type { FileChecks } from './checks-file.ts';
import { type MeasureSource, readMeasures } from './measures.ts';
import { isPipelineMeasure, type PipelineMeasureOptions, pipelineMeasures } from './pipeline-measures.ts';

export type CheckResult = Check & CheckVerdict;

export interface RunChecksOptions {
  readonly clickhouse: ClickHouse;
  readonly checks: readonly Check[];
  readonly sources: readonly MeasureSource[];
  /** wall-clock time that "yesterday" and the results refer to */
  readonly nowMs: number;
}

/**
 * Measures, judges and writes the results into `check_results`. A check that is not valid fails, with the reason, and stops no
 * other.
 * @throws ReelstreamError `clickhouse`, `unavailable`
 */
export async function runChecks(options: RunChecksOptions): Promise<CheckResult[]> {
  const { clickhouse, checks, sources, nowMs } = options;
  const faultOf = (check: Check) => checkFault(check) ?? unknownMeasure(check, sources);
  const valid = checks.filter((check) => faultOf(check) === null);
  const measures = await readMeasures(clickhouse, sources, measuresOf(valid), nowMs);
  const results = checks.map((check): CheckResult => {
    const fault = faultOf(check);
    return fault === null
      ? { ...check, ...judgeCheck(check, measures) }
      : { ...check, outcome: 'failed', value: null, expectation: null, reason: fault };
  });
  await clickhouse.insertRows(
    'check_results',
    results.map((result) => resultRow(result, nowMs)),
  );
  return results;
}

/** A mistyped name must not pass for a number that is not there yet. */
function unknownMeasure(check: Check, sources: readonly MeasureSource[]): string | null {
  const unknown = measuresOf([check]).find((name) => !sources.some((source) => source.knows(name)));
  return unknown === undefined ? null : `${check.name}: nothing is called ${unknown}`;
}

export interface AllChecksOptions {
  /** from the file of checks; a row of the table of the same name takes the place of one */
  readonly fileChecks: FileChecks;
  readonly pipeline: Omit<PipelineMeasureOptions, 'canaries'> & { readonly canaryIntervalMs: number };
  readonly nowMs: number;
}

/** Every check there is: the program's, the file's, the table's. What the reconciler and `reelstream check` run. */
export async function runAllChecks(
  clickhouse: ClickHouse,
  { fileChecks, pipeline, nowMs }: AllChecksOptions,
): Promise<CheckResult[]> {
  const named = new Set([...fileChecks.checks.map(({ name }) => name), ...fileChecks.off]);
  const own = CATALOGUE_CHECKS.filter(({ name }) => !named.has(name));
  const checks = await readChecks(clickhouse, [...own, ...fileChecks.checks]);
  const canaries = pipeline.canaryIntervalMs > 0;
  const sources = [catalogueMeasures, pipelineMeasures({ ...pipeline, canaries })];
  return runChecks({ clickhouse, checks, sources, nowMs });
}

/** What `catalog load` runs when a version is live: of the program's checks and the table's those that look at the catalogue. */
export async function runLoadChecks(clickhouse: ClickHouse, nowMs: number): Promise<CheckResult[]> {
  const all = await readChecks(clickhouse, CATALOGUE_CHECKS);
  const checks = all.filter((check) => !measuresOf([check]).some(isPipelineMeasure));
  return runChecks({ clickhouse, checks, sources: [catalogueMeasures], nowMs });
}

/** The program's checks, changed, switched off and added to by the rows of the table `checks`. */
export async function readChecks(clickhouse: ClickHouse, defaults: readonly Check[]): Promise<Check[]> {
  const rows = await clickhouse.query<Check & { enabled: boolean }>(
    `SELECT name, argMax(c.left_side, c.changed_at) AS left, argMax(c.operator, c.changed_at) AS operator,
            argMax(c.right_side, c.changed_at) AS right, argMax(c.factor, c.changed_at) AS factor,
            argMax(c.minimum, c.changed_at) AS minimum, argMax(c.severity, c.changed_at) AS severity,
            argMax(c.enabled, c.changed_at) AS enabled
     FROM checks AS c GROUP BY name ORDER BY name`,
  );
  const byName = new Map<string, Check>(defaults.map((check) => [check.name, check]));
  for (const { enabled, ...check } of rows) {
    if (enabled) byName.set(check.name, check);
    else byName.delete(check.name);
  }
  return [...byName.values()];
}

function resultRow(result: CheckResult, nowMs: number): object {
  const { name, left, operator, right, factor, severity, outcome, value, expectation, reason } = result;
  const time = new Date(nowMs).toISOString();
  return {
    name,
    left_side: left,
    operator,
    right_side: right,
    factor: Number.isFinite(factor) ? factor : 0,
    severity,
    checked_at: time,
    period_start: time.slice(0, 19),
    period_end: time.slice(0, 19),
    value,
    expectation,
    outcome,
    detail: reason,
  };
}
