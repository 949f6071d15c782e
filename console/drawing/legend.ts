type Labels = Readonly<Record<string, string>>;

/** `applied {{group}}` with the labels in place, as Grafana fills it in; without a format the labels themselves. */
export function legendOf(format: string | undefined, labels: Labels): string {
  if (format === undefined || format === '' || format === '__auto') return labelsInWords(labels);
  return format
    .replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => labels[name] ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function labelsInWords(labels: Labels): string {
  const named = Object.entries(labels).filter(([name]) => name !== '__name__');
  if (named.length === 0) return labels.__name__ ?? 'value';
  return named.map(([name, value]) => `${name} ${value}`).join(', ');
}
