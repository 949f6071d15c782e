import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../core/metrics-catalogue.ts';
import type { Metrics } from '../../../core/metrics-port.ts';
import { FAULT_KINDS, plainFault } from '../../../producer/faults/fault.ts';
import { createFaultCounts } from '../../../producer/faults/fault-counts.ts';

describe('fault counts', () => {
  it('count by label for the ledger and by kind for the metric, each event once', () => {
    const added: unknown[] = [];
    const metrics: Metrics = { add: (...given) => void added.push(given), set() {}, observe() {} };
    const counts = createFaultCounts();
    const json = { ...plainFault('poison'), form: 'json' } as const;
    counts.add(json);
    counts.add({ ...json, form: 'empty' });
    counts.add({ ...plainFault('duplicate'), copies: 5 });
    counts.publish(metrics, 'ratings');
    counts.add(json);
    counts.publish(metrics, 'ratings');
    counts.publish(metrics, 'ratings');
    expect([...counts.byLabel()]).toEqual([
      ['poison/json', 2],
      ['poison/empty', 1],
      ['duplicate', 1],
    ]);
    expect(added).toEqual([
      ['producer_faults_total', { topic: 'ratings', kind: 'duplicate' }, 1],
      ['producer_faults_total', { topic: 'ratings', kind: 'poison' }, 2],
      ['producer_faults_total', { topic: 'ratings', kind: 'poison' }, 1],
    ]);
  });

  it('have a metric with every kind as a label', () => {
    expect(METRICS.producer_faults_total.labels.kind).toEqual(FAULT_KINDS);
  });
});
