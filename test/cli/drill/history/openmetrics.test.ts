import { describe, expect, it } from 'vitest';
import { HISTORY_DRILLS } from '../../../../cli/drill/history/cases.ts';
import { always, countOf } from '../../../../cli/drill/history/course.ts';
import { exposition, openMetricsText } from '../../../../cli/drill/history/openmetrics.ts';
import { pipelineSeries } from '../../../../cli/drill/history/pipeline-story.ts';
import { seriesOf, timeOf, upOf } from '../../../../cli/drill/history/story-series.ts';
import { METRIC_PREFIX, METRICS, type MetricName } from '../../../../core/metrics-catalogue.ts';
import { readSettings } from '../../../../runtime/settings.ts';

const AT_MS = 1_800_000_000_000;
const PLACEMENT = { moment: 120, atMs: AT_MS };
const SERIES = [
  upOf('producer', always(1)),
  seriesOf('producer', 'producer_events_acked_total', { topic: 'a "b"' }, countOf(always(2), 200)),
  timeOf('reconciler', 'recon_last_success_timestamp_seconds', {}, (minute) => minute - 1),
  seriesOf('sink', 'consumer_inflight_events', { topic: 't', group: 'g' }, () => null),
];

describe('the past of a story', () => {
  const text = [
    ...openMetricsText(
      SERIES,
      PLACEMENT,
      {
        spans: [
          [10, 9],
          [1, 0],
        ],
        stepSeconds: 30,
      },
      'h:1',
    ),
  ].join('');
  const lines = text.split('\n');

  it('is OpenMetrics: a type for every family, samples with times, an end', () => {
    expect(lines.slice(0, 3)).toEqual([
      '# TYPE up gauge',
      'up{instance="h:1",job="producer"} 1 1799999400',
      'up{instance="h:1",job="producer"} 1 1799999430',
    ]);
    expect(text).toContain('# TYPE reelstream_producer_events_acked counter\n');
    expect(text.endsWith('# EOF\n')).toBe(true);
  });

  it('has samples of its spans alone, the last one of the moment itself', () => {
    const times = lines
      .filter((line) => line.startsWith('up{'))
      .map((line) => Number(line.split(' ').at(-1)) - AT_MS / 1_000);
    expect(times).toEqual([-600, -570, -540, -60, -30, 0]);
  });

  it('escapes labels, tells times as those of the wall clock, and nothing of what is not there', () => {
    expect(text).toContain(
      `reelstream_producer_events_acked_total{instance="h:1",job="producer",topic="a \\"b\\""} 14400 ${AT_MS / 1_000}`,
    );
    expect(text).toContain(
      `recon_last_success_timestamp_seconds{instance="h:1",job="reconciler"} ${AT_MS / 1_000 - 60} ${AT_MS / 1_000}`,
    );
    expect(text).not.toContain('inflight_events{');
  });

  it('goes on as what is scraped: the same values under the same names', () => {
    expect(exposition(SERIES, 'producer', PLACEMENT, AT_MS)).toBe(
      'reelstream_producer_events_acked_total{topic="a \\"b\\""} 14400\n',
    );
    expect(exposition(SERIES, 'producer', PLACEMENT, AT_MS + 500)).toContain(' 14401\n');
    expect(exposition(SERIES, 'sink', PLACEMENT, AT_MS)).toBe('');
  });
});

describe('the series of a pipeline', () => {
  const series = HISTORY_DRILLS.flatMap(({ story }) => pipelineSeries(story, 600, readSettings({})));

  it('have the names and labels that the catalogue gives them', () => {
    for (const { metric, labels } of series.filter((one) => one.metric !== 'up')) {
      const name = metric
        .slice(METRIC_PREFIX.length)
        .replace(/(duration_seconds|delay_seconds)_(bucket|count)$/, '$1');
      const spec = METRICS[name as MetricName];
      expect(spec, metric).toBeDefined();
      expect(
        Object.keys(labels)
          .filter((label) => label !== 'le')
          .sort(),
        metric,
      ).toEqual(Object.keys(spec.labels).sort());
    }
  });

  it('of a process that nobody scrapes are missing', () => {
    const [gone] = pipelineSeries({ up: { sink: always(0) } }, 60, readSettings({})).filter(
      ({ metric, job }) => job === 'sink' && metric.endsWith('consumed_total'),
    );
    expect(gone!.at(10)).toBeNull();
  });
});
