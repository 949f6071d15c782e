import type { ForgetfulMetrics } from '../core/metrics-port.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import type { Measure } from './rounds.ts';
import { type CheckResult, runAllChecks } from './run-checks.ts';

export function createChecksMeasure({ options, parts }: ReconcilerContext): Measure {
  const { admin, clickhouse, fileChecks, metrics, clock } = parts;
  return {
    name: 'checks',
    everyMs: options.checksIntervalMs,
    async run() {
      const clusterId = await admin.clusterId();
      const results = await runAllChecks(clickhouse, {
        fileChecks,
        nowMs: clock.nowMs(),
        pipeline: { ...options, clusterId },
      });
      publishChecks(metrics, results);
    },
  };
}

/** A check that was renamed, taken away or changed leaves no series behind. */
export function publishChecks(metrics: ForgetfulMetrics, results: readonly CheckResult[]): void {
  for (const gauge of ['recon_check_passed', 'recon_check_value', 'recon_check_expectation'] as const) {
    metrics.forget(gauge);
  }
  for (const { name: check, operator, severity, outcome, value, expectation } of results) {
    metrics.set('recon_check_passed', { check, operator, severity }, outcome === 'failed' ? 0 : 1);
    if (value !== null) metrics.set('recon_check_value', { check }, value);
    if (expectation !== null) metrics.set('recon_check_expectation', { check }, expectation);
  }
}
