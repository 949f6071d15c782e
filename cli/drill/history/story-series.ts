import { METRIC_PREFIX, METRICS, type MetricName } from '../../../core/metrics-catalogue.ts';
import type { Presence } from './course.ts';

/** One series of a story, under the name and labels that the real service gives it. */
export interface StorySeries {
  readonly metric: string;
  /** of OpenMetrics: a counter's name without `_total`, a histogram's without suffix */
  readonly family: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** who exports it; becomes the labels job and instance */
  readonly job: string;
  readonly labels: Readonly<Record<string, string>>;
  /** null while it does not exist */
  readonly at: Presence;
  /** its value is a minute of the story, which is told as a time of the wall clock */
  readonly isTime?: true;
}

export type Labels = StorySeries['labels'];

/** A series of the catalogue. */
export function seriesOf(job: string, name: MetricName, labels: Labels, at: Presence): StorySeries {
  const { type } = METRICS[name];
  const metric = METRIC_PREFIX + name;
  return { metric, family: metric.replace(/_total$/, ''), type, job, labels, at };
}

/** A gauge whose value is a time. */
export const timeOf = (...given: Parameters<typeof seriesOf>): StorySeries => ({
  ...seriesOf(...given),
  isTime: true,
});

/** What a rule reads of a histogram: one bound, the count. */
export function histogramOf(
  job: string,
  name: MetricName,
  labels: Labels,
  { bound, below, count }: { readonly bound: number; readonly below: Presence; readonly count: Presence },
): StorySeries[] {
  const family = METRIC_PREFIX + name;
  const base = { family, type: 'histogram', job } as const;
  return [
    { ...base, metric: `${family}_bucket`, labels: { ...labels, le: String(bound) }, at: below },
    { ...base, metric: `${family}_bucket`, labels: { ...labels, le: '+Inf' }, at: count },
    { ...base, metric: `${family}_count`, labels, at: count },
  ];
}

/** What Prometheus itself writes of every target. */
export const upOf = (job: string, at: Presence): StorySeries => ({
  ...{ metric: 'up', family: 'up', type: 'gauge', job, labels: {} },
  at,
});

/** `name{a="b"}`; labels that are given come first. */
export function sampleName(metric: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([label, value]) => `${label}="${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`,
  );
  return pairs.length === 0 ? metric : `${metric}{${pairs.join(',')}}`;
}
