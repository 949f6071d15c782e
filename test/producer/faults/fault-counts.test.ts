import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../core/metrics-catalogue.ts';
import { FAULT_KINDS, plainFault } from '../../../producer/faults/fault.ts';
import { createFaultCounts } from '../../../producer/faults/fault-counts.ts';

describe('fault counts', () => {
  it('count by label, each event once', () => {
    const counts = createFaultCounts();
    const json = { ...plainFault('poison'), form: 'json' } as const;
    counts.add(json);
    counts.add({ ...json, form: 'empty' });
    counts.add({ ...plainFault('duplicate'), copies: 5 });
    counts.add(json);
    expect([...counts.byLabel()]).toEqual([
      ['poison/json', 2],
      ['poison/empty', 1],
      ['duplicate', 1],
    ]);
  });

  it('have a metric with every kind as a label', () => {
    expect([...METRICS.producer_injected_total.labels.kind].sort()).toEqual([...FAULT_KINDS].sort());
  });
});
