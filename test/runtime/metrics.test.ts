import { describe, expect, it } from 'vitest';
import { METRICS, type MetricName } from '../../core/metrics-catalogue.ts';
import { createMetrics } from '../../runtime/metrics.ts';

const make = () =>
  createMetrics({
    service: 'test',
    version: '0',
    names: [
      'consumer_events_dropped_total',
      'sink_batch_rows',
      'catalog_version',
      'recon_last_success_timestamp_seconds',
    ],
    knownLabels: { topic: ['ratings'], group: ['g'], table: ['events_raw'] },
  });

describe('metrics', () => {
  it('are born at 0 with every known combination of labels', async () => {
    const { body } = await make().expose();
    expect(body).toContain(
      'reelstream_consumer_events_dropped_total{topic="ratings",group="g",reason="duplicate"} 0',
    );
    expect(body).toContain(
      'reelstream_consumer_events_dropped_total{topic="ratings",group="g",reason="canary"} 0',
    );
    expect(body).toContain('reelstream_sink_batch_rows_count{table="events_raw"} 0');
    expect(body).toContain('reelstream_build_info{service="test",version="0"} 1');
  });

  it('are missing until known where 0 would be believed', async () => {
    const metrics = make();
    const name = 'recon_last_success_timestamp_seconds';
    expect((await metrics.expose()).body).not.toMatch(new RegExp(`^reelstream_${name} `, 'm'));
    metrics.set(name, {}, 1_700_000_000);
    expect((await metrics.expose()).body).toContain(`reelstream_${name} 1700000000`);
  });

  it('count', async () => {
    const metrics = make();
    metrics.add('consumer_events_dropped_total', { topic: 'ratings', group: 'g', reason: 'canary' }, 3);
    metrics.set('catalog_version', {}, 7);
    const { body } = await metrics.expose();
    expect(body).toMatch(/reason="canary"} 3/);
    expect(body).toMatch(/reelstream_catalog_version 7/);
  });

  it('refuse a counter whose series would be born with its first increase', () => {
    const names = ['sink_batches_total'] as const;
    expect(() => createMetrics({ service: 'test', version: '0', names })).toThrow(/no known table/);
    const knownLabels = { table: ['events_raw'] };
    expect(() => createMetrics({ service: 'test', version: '0', names, knownLabels })).not.toThrow();
  });

  it('refuse a name that the service does not export', () => {
    expect(() => make().add('sink_batches_total', { table: 'x', outcome: 'ok' })).toThrow(/not exported/);
  });

  it('follow the naming rules', () => {
    const wrong = (Object.keys(METRICS) as MetricName[]).filter((name) => {
      const isCounter = METRICS[name].type === 'counter';
      return (
        isCounter !== name.endsWith('_total') ||
        /_(ms|millis|kb|mb)(_|$)/.test(name) ||
        !/^[a-z][a-z0-9_]*$/.test(name)
      );
    });
    expect(wrong).toEqual([]);
  });
});
