import { noiseOf } from './noise.ts';

/** One sample; null: this scrape failed, `stale`: the target is gone. */
export type Sample = number | null | 'stale';
/** A value as a function of the minute of the run. */
export type Course = (minute: number) => number;
/** The same of something that may not be there. */
export type Presence = (minute: number) => Sample;

export type SeriesSet = Map<string, Sample[]>;

export const always =
  (value: number): Course =>
  () =>
    value;
export const from =
  (minute: number, then: number, before = 0): Course =>
  (t) =>
    t < minute ? before : then;

export function seriesName(metric: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${metric}{${pairs.join(',')}}`;
}

export function gauge(minutes: number, course: Presence): Sample[] {
  return Array.from({ length: minutes + 1 }, (_, minute) => course(minute));
}

/** Counts what a rate per second brings in every minute: exactly, or with Poisson noise under the series' own name. */
export function counter(minutes: number, perSecond: Course, noiseName?: string): number[] {
  const noise = noiseName === undefined ? null : noiseOf(noiseName);
  let total = 0;
  return Array.from({ length: minutes + 1 }, (_, minute) => {
    if (minute > 0) {
      const mean = perSecond(minute) * 60;
      total += noise ? noise.poisson(minute, mean) : Math.round(mean);
    }
    return total;
  });
}

/** promtool's notation; runs of equal samples are written once, which keeps a week readable. */
export function notation(samples: readonly Sample[]): string {
  const words: string[] = [];
  for (let i = 0; i < samples.length; ) {
    const word = wordOf(samples[i]!);
    let run = 1;
    while (i + run < samples.length && wordOf(samples[i + run]!) === word) run += 1;
    if (run === 1) words.push(word);
    else if (word === '_') words.push(`_x${run}`);
    else if (word === 'stale' || word === 'NaN') words.push(...Array<string>(run).fill(word));
    else words.push(`${word}+0x${run - 1}`);
    i += run;
  }
  return words.join(' ');
}

function wordOf(sample: Sample): string {
  if (sample === null) return '_';
  if (typeof sample === 'string') return sample;
  if (Number.isNaN(sample)) return 'NaN';
  return Number.isInteger(sample) ? String(sample) : sample.toFixed(4);
}
