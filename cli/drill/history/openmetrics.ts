import type { PastSpans } from './history-drill.ts';
import { type StorySeries, sampleName } from './story-series.ts';

/** Where the time of a story lies on the wall clock. */
export interface Placement {
  /** minute of the story that is `atMs` */
  readonly moment: number;
  readonly atMs: number;
}

const MINUTE_MS = 60_000;

export const minuteAt = ({ moment, atMs }: Placement, wallMs: number): number =>
  moment + (wallMs - atMs) / MINUTE_MS;

/** As Prometheus knows a scraped target. */
export const targetLabels = (job: string, instance: string) => ({ instance, job });

/**
 * The past of a story as OpenMetrics text with times, as promtool makes blocks of it: piece by piece, for it may be tens of
 * megabytes. The last sample is that of the moment itself.
 */
export function* openMetricsText(
  series: readonly StorySeries[],
  placement: Placement,
  past: PastSpans,
  instance: string,
): Generator<string> {
  const times = sampleTimes(past, placement.atMs);
  for (const [family, members] of byFamily(series)) {
    yield `# TYPE ${family} ${members[0]!.type}\n`;
    for (const one of members) {
      const name = sampleName(one.metric, { ...targetLabels(one.job, instance), ...one.labels });
      const lines: string[] = [];
      for (const wallMs of times) {
        const value = valueAt(one, placement, wallMs);
        if (value !== null) lines.push(`${name} ${value} ${wallMs / 1_000}\n`);
      }
      yield lines.join('');
    }
  }
  yield '# EOF\n';
}

function sampleTimes({ spans, stepSeconds }: PastSpans, endMs: number): number[] {
  return spans.flatMap(([from, to]) => {
    const steps = Math.floor(((from - to) * 60) / stepSeconds);
    const lastMs = endMs - to * MINUTE_MS;
    return Array.from({ length: steps + 1 }, (_, i) => lastMs - (steps - i) * stepSeconds * 1_000);
  });
}

/** What one service exposes now. */
export function exposition(
  series: readonly StorySeries[],
  job: string,
  placement: Placement,
  wallMs: number,
): string {
  const own = series.filter((one) => one.job === job && one.metric !== 'up');
  return own
    .map((one) => ({ name: sampleName(one.metric, one.labels), value: valueAt(one, placement, wallMs) }))
    .filter(({ value }) => value !== null)
    .map(({ name, value }) => `${name} ${value}\n`)
    .join('');
}

/** A time is one of the story: told as one of the wall clock, in seconds. */
function valueAt(series: StorySeries, placement: Placement, wallMs: number): number | null {
  const value = series.at(minuteAt(placement, wallMs));
  if (value === null || !series.isTime) return value;
  return (placement.atMs + (value - placement.moment) * MINUTE_MS) / 1_000;
}

/** Samples of one family stand together, as the format demands. */
function byFamily(series: readonly StorySeries[]): Map<string, StorySeries[]> {
  const families = new Map<string, StorySeries[]>();
  for (const one of series) families.set(one.family, [...(families.get(one.family) ?? []), one]);
  return families;
}
