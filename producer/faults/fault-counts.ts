import { type Fault, labelOf } from './fault.ts';

/** Events changed on purpose, counted once each however many records they became. */
export interface FaultCounts {
  add(fault: Fault): void;
  /** by label (`kind` or `kind/form`); labels that never came up are missing */
  byLabel(): ReadonlyMap<string, number>;
}

export function createFaultCounts(): FaultCounts {
  const byLabel = new Map<string, number>();
  return {
    add(fault) {
      const label = labelOf(fault);
      byLabel.set(label, (byLabel.get(label) ?? 0) + 1);
    },
    byLabel: () => byLabel,
  };
}
