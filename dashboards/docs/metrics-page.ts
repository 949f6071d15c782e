import { METRIC_FAMILIES, METRIC_PREFIX, type MetricSpec } from '../../core/metrics-catalogue.ts';

const HEAD = `# Metrics

Generated from \`core/metrics-catalogue.ts\` by \`npm run generate\`. Every service answers \`/metrics\` with its own of these,
with \`${METRIC_PREFIX}build_info{service,version}\` and with those of Node.js itself.

Labels come from closed sets, written out here; one without a list is bounded by configuration (topics, groups, partitions,
tables), and \`started\` has one value per process. No label ever holds a person, a film or an error's text. Every known
combination of labels exists from the start with 0, so that the first increase is seen; what is marked *absent until known* is
missing instead, where 0 would be believed.
How these figures are watched: [watching.md](watching.md).
`;

/** The page `docs/metrics.md`. */
export function metricsPage(): string {
  const sections = Object.entries(METRIC_FAMILIES).map(([family, metrics]) =>
    [
      `## ${family[0]!.toUpperCase()}${family.slice(1)}`,
      '',
      '| name | type | unit | labels | meaning |',
      '| --- | --- | --- | --- | --- |',
      ...Object.entries<MetricSpec>(metrics).map(([name, spec]) => row(name, spec)),
    ].join('\n'),
  );
  return `${[HEAD, ...sections].join('\n').replaceAll('\n## ', '\n\n## ').replaceAll('\n\n\n', '\n\n')}\n`;
}

function row(name: string, spec: MetricSpec): string {
  const cells = [
    `\`${METRIC_PREFIX}${name}\``,
    spec.type,
    spec.unit,
    labelsOf(spec) || '-',
    spec.help + (spec.absentUntilKnown ? ' (absent until known)' : ''),
  ];
  return `| ${cells.join(' | ')} |`;
}

function labelsOf({ labels, buckets }: MetricSpec): string {
  const written = Object.entries(labels).map(([label, values]) =>
    values ? `${label} (${values.map((value) => `\`${value}\``).join(' ')})` : label,
  );
  return [...written, ...(buckets ? [`buckets ${buckets.join(' ')}`] : [])].join(', ');
}
