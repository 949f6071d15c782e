import type { MetricSpec } from './spec.ts';

/** Of `catalog watch`, which also tells `catalog_version`. */
export const CATALOG_METRICS = {
  catalog_looks_total: {
    type: 'counter',
    unit: 'times',
    help: 'Looks at the source of the catalogue',
    labels: { outcome: ['loaded', 'unchanged', 'failed'] },
  },
  catalog_last_good_look_timestamp_seconds: {
    type: 'gauge',
    unit: 'unix seconds',
    help: 'Last look that did not fail',
    labels: {},
    absentUntilKnown: true,
  },
} as const satisfies Record<string, MetricSpec>;
