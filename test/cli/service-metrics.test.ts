import { describe, expect, it } from 'vitest';
import { API_LABELS, API_METRIC_NAMES } from '../../api/http/measure.ts';
import {
  PRODUCER_METRIC_NAMES,
  RECONCILER_SERVICE_METRICS,
  SERVICE_NAMES,
  seriesBounds,
} from '../../cli/service-metrics.ts';
import { LEARNER_METRICS } from '../../consumers/learner/learner-metrics.ts';
import { SINK_METRICS } from '../../consumers/sink-metrics.ts';
import type { MetricName } from '../../core/metrics-catalogue.ts';
import { countSeries } from '../../core/series-bound.ts';
import { SIZED_TABLES } from '../../reconciler/read-table-bytes.ts';
import { createMetrics, createSilentMetrics } from '../../runtime/metrics.ts';
import { readSettings } from '../../runtime/settings.ts';

const NAMES: Readonly<Record<(typeof SERVICE_NAMES)[number], readonly MetricName[]>> = {
  sink: SINK_METRICS,
  recommender: [...LEARNER_METRICS, ...API_METRIC_NAMES],
  reconciler: RECONCILER_SERVICE_METRICS,
  producer: PRODUCER_METRIC_NAMES,
  console: [],
};
const knownLabels = {
  ...API_LABELS,
  topic: ['ratings'],
  group: ['a', 'b'],
  table: SIZED_TABLES,
  model: ['blend'],
  started: ['7'],
};

describe('series of a service', () => {
  const bounds = seriesBounds(readSettings({}));

  it.each(SERVICE_NAMES)('%s starts with fewer than may ever come', async (service) => {
    // the sink and the recommender are in one group
    const labels = service === 'reconciler' ? knownLabels : { ...knownLabels, group: ['a'] };
    const metrics = createMetrics({ service, version: '1', names: NAMES[service], knownLabels: labels });
    const born = countSeries((await metrics.expose()).body);
    expect(born).toBeGreaterThan(40);
    expect(born).toBeLessThan(bounds[service]);
  });

  it('follow the partitions, the groups and the checks of a reconciler', () => {
    const wide = seriesBounds(readSettings({ REELSTREAM_RATINGS_PARTITIONS: '8' }));
    // per partition: end of the log; per group and partition: position, lag and canary
    expect(wide.reconciler - bounds.reconciler).toBe(4 * (1 + 3 * 2));
    expect(wide.sink).toBe(bounds.sink);
    expect(seriesBounds(readSettings({}), 1).reconciler).toBeLessThan(bounds.reconciler);
  });

  it('are none when figures are switched off', async () => {
    const metrics = createSilentMetrics();
    metrics.add('consumer_rebalances_total', { group: 'a' });
    metrics.forget('catalog_version');
    expect(countSeries((await metrics.expose()).body)).toBe(0);
  });
});
