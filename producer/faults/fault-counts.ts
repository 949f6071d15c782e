import type { Metrics } from '../../core/metrics-port.ts';
import { FAULT_KINDS, type Fault, type FaultKind, labelOf } from './fault.ts';

/** Events changed on purpose, counted once each however many records they became. */
export interface FaultCounts {
  add(fault: Fault): void;
  /** by label (`kind` or `kind/form`); labels that never came up are missing */
  byLabel(): ReadonlyMap<string, number>;
  /** Adds what came since the last call to `producer_faults_total`. */
  publish(metrics: Metrics, topic: string): void;
}

export function createFaultCounts(): FaultCounts {
  const byLabel = new Map<string, number>();
  const unpublished = new Map<FaultKind, number>();
  return {
    add(fault) {
      const label = labelOf(fault);
      byLabel.set(label, (byLabel.get(label) ?? 0) + 1);
      unpublished.set(fault.kind, (unpublished.get(fault.kind) ?? 0) + 1);
    },
    byLabel: () => byLabel,
    publish(metrics, topic) {
      for (const kind of FAULT_KINDS) {
        const count = unpublished.get(kind);
        if (count) metrics.add('producer_faults_total', { topic, kind }, count);
      }
      unpublished.clear();
    },
  };
}
