import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { METRIC_FAMILIES, METRICS, type MetricSpec } from '../../core/metrics-catalogue.ts';
import { metricsPage } from '../../dashboards/docs/metrics-page.ts';
import { projectRoot } from '../../runtime/environment.ts';

const all = Object.entries<MetricSpec>(METRICS);

describe('the catalogue of metrics', () => {
  it('is what docs/metrics.md shows: npm run generate', () => {
    expect(readFileSync(join(projectRoot, 'docs/metrics.md'), 'utf8')).toBe(metricsPage());
  });

  it('has every metric in one family', () => {
    const names = Object.values(METRIC_FAMILIES).flatMap((metrics) => Object.keys(metrics));
    expect(names.sort()).toEqual(Object.keys(METRICS).sort());
  });

  it.each([
    ['_seconds', ['seconds', 'unix seconds']],
    ['_bytes', ['bytes']],
    ['_ratio', ['ratio']],
  ])('says %s in the name where that is the unit, and nowhere else', (suffix, units) => {
    const wrong = all.filter(
      ([name, { unit }]) =>
        new RegExp(`${suffix}(_total)?$`).test(name) !== units.includes(unit) && !name.endsWith('per_second'),
    );
    expect(wrong.map(([name]) => name)).toEqual([]);
  });

  it('says timestamp where the value is a moment', () => {
    const wrong = all.filter(
      ([name, { unit }]) => name.includes('_timestamp_') !== (unit === 'unix seconds'),
    );
    expect(wrong.map(([name]) => name)).toEqual([]);
  });

  it('gives buckets to histograms, rising', () => {
    for (const [name, { type, buckets = [] }] of all) {
      expect(buckets.length > 0, name).toBe(type === 'histogram');
      expect(
        [...buckets].sort((a, b) => a - b),
        name,
      ).toEqual([...buckets]);
    }
  });

  it('has help that is one line without a full stop', () => {
    expect(all.filter(([, { help }]) => /\n|\.$|^$/.test(help))).toEqual([]);
  });

  it('lets no counter be absent: its first increase would be lost', () => {
    expect(all.filter(([, { type, absentUntilKnown }]) => absentUntilKnown && type !== 'gauge')).toEqual([]);
  });
});
