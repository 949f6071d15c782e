import { describe, expect, it } from 'vitest';
import { METRICS } from '../../core/metrics-catalogue.ts';
import { countSeries, seriesBound } from '../../core/series-bound.ts';
import { DROP_REASONS } from '../../core/verdict.ts';

const counts = { topic: 2, group: 3, table: 5 };

describe('the bound of series', () => {
  it('is every combination of labels, closed sets and configured ones', () => {
    expect(seriesBound(['catalog_version'], {})).toBe(1);
    expect(seriesBound(['consumer_events_dropped_total'], counts)).toBe(6 * DROP_REASONS.length);
    expect(seriesBound(['consumer_events_dropped_total', 'dedup_entries'], counts)).toBe(
      6 * DROP_REASONS.length + 2,
    );
  });

  it('counts the buckets of a histogram, its sum and its count', () => {
    const { buckets } = METRICS.sink_batch_rows;
    expect(seriesBound(['sink_batch_rows'], counts)).toBe(5 * (buckets.length + 3));
  });

  it('is not guessed where nobody says how many values a label has', () => {
    expect(() => seriesBound(['sink_batch_rows'], {})).toThrow(
      'sink_batch_rows: nobody says how many values table has',
    );
  });

  it('is held against samples, not against comments', () => {
    expect(countSeries('# HELP a b\n# TYPE a counter\na{b="#"} 1\na{b="c"} 2\n\n')).toBe(2);
  });
});
