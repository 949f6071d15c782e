import type { Line } from './data.ts';

export interface Segment {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly value: number;
}

/** Equal values side by side become one segment, which lasts until the next one begins; nothing known is a gap. */
export function toSegments(times: readonly number[], { values }: Line): Segment[] {
  const step = times.length > 1 ? times[1]! - times[0]! : 1;
  const segments: Segment[] = [];
  for (const [i, fromSeconds] of times.entries()) {
    const value = values[i] ?? null;
    if (value === null) continue;
    const toSeconds = times[i + 1] ?? fromSeconds + step;
    const last = segments.at(-1);
    if (last && last.value === value && last.toSeconds === fromSeconds)
      segments[segments.length - 1] = { ...last, toSeconds };
    else segments.push({ fromSeconds, toSeconds, value });
  }
  return segments;
}

/**
 * Spans that lie over one another, or no further apart than `gapSeconds`, as one, in order: many alerts at once are no darker
 * than one.
 */
export function unitedSpans(
  spans: readonly { readonly fromSeconds: number; readonly toSeconds: number }[],
  gapSeconds = 0,
): { fromSeconds: number; toSeconds: number }[] {
  const united: { fromSeconds: number; toSeconds: number }[] = [];
  for (const { fromSeconds, toSeconds } of spans.toSorted((a, b) => a.fromSeconds - b.fromSeconds)) {
    const last = united.at(-1);
    if (last && fromSeconds <= last.toSeconds + gapSeconds)
      last.toSeconds = Math.max(last.toSeconds, toSeconds);
    else united.push({ fromSeconds, toSeconds });
  }
  return united;
}
