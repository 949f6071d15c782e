import type { Metrics } from '../../core/metrics-port.ts';
import { FAULT_REASONS } from '../../core/verdict.ts';
import type { CatchCounts } from '../faults/to-catch.ts';

/** Records that must be caught -> Prometheus, as totals of a run; runs of one process add up. */
export type PublishInjected = (toCatch: CatchCounts) => void;

/**
 * The series begin here at 0, so that a run without faults has none.
 * @param started when the process began, unix seconds, as the label says it
 */
export function createInjectedPublisher(metrics: Metrics, topic: string, started: string): PublishInjected {
  metrics.set('producer_injecting_run_timestamp_seconds', { topic, started }, Number(started));
  let published: CatchCounts = {};
  const publish: PublishInjected = (toCatch) => {
    for (const reason of FAULT_REASONS) {
      const more = (toCatch[reason] ?? 0) - (published[reason] ?? 0);
      metrics.add('producer_injected_records_total', { topic, started, reason }, Math.max(0, more));
    }
    published = toCatch;
  };
  publish({});
  return publish;
}
