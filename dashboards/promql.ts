import { parser } from '@prometheus-io/lezer-promql';

/** A series that an expression reads. */
export interface SeriesUse {
  readonly metric: string;
  /** labels it selects by */
  readonly labels: readonly string[];
  /** a range `[5m]` follows */
  readonly overRange: boolean;
}

export interface PromqlFacts {
  /** where the text stops being PromQL, null when it is */
  readonly brokenAt: number | null;
  readonly series: readonly SeriesUse[];
  /** labels named by `by`, `without`, `on`, `ignoring` and `group_left` */
  readonly groupedBy: readonly string[];
}

/** What a PromQL expression reads; total, also for text that is none. */
export function readPromql(text: string): PromqlFacts {
  let brokenAt: number | null = null;
  const series: SeriesUse[] = [];
  const groupedBy: string[] = [];
  const words = (from: number, to: number, pattern: RegExp) => [...text.slice(from, to).matchAll(pattern)];
  parser.parse(text).iterate({
    enter(node) {
      if (node.type.isError) brokenAt ??= node.from;
      if (node.name === 'GroupingLabels') {
        groupedBy.push(...words(node.from, node.to, /\w+/g).map(([word]) => word));
      }
      if (node.name !== 'VectorSelector') return;
      const name = node.node.getChild('Identifier');
      const matchers = words(name?.to ?? node.from, node.to, /[{,]\s*(\w+)\s*(?:=|!)/g);
      series.push({
        metric: name ? text.slice(name.from, name.to) : '',
        labels: matchers.map(([, label]) => label!),
        overRange: node.node.parent?.name === 'MatrixSelector',
      });
    },
  });
  return { brokenAt, series, groupedBy };
}
