import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { CONTENT_DEFAULTS, type ContentModel } from '../../../producer/content/content-model.ts';
import { createLiveSource } from '../../../producer/content/live-source.ts';
import { loadContentModel } from '../../../producer/content/load-content-model.ts';
import type { EventContent } from '../../../producer/event-source.ts';
import { projectRoot } from '../../../runtime/environment.ts';

const folder = join(projectRoot, 'data', 'distribution');
export const shippedDistribution = join(folder, 'movies_ratings_distribution.csv');
export const shippedCounts = join(folder, 'movies_ratings_counts.csv');

/** The shipped films with their counts; no arrivals, no extras. */
export const sample: ContentModel = await loadContentModel({
  ...CONTENT_DEFAULTS,
  popularity: { by: 'counts' },
  referAfter: 1_000,
  distributionPath: shippedDistribution,
  countsPath: shippedCounts,
});

/** One of everything, at shares large enough to be seen in some thousand events. */
export const everything: ContentModel = {
  ...sample,
  newUsers: { share: 0.01, firstId: 300_001, followUps: 19 },
  newFilms: { share: 0.005, firstId: 1_000_000, followUps: 19 },
  unknownFilmShare: 0.02,
  reRatingShare: 0.1,
  reRatingWindow: 5_000,
  watchShare: 0.2,
};

const START_MS = 1_700_000_000_000;

export function eventsOf(model: ContentModel, count: number, seed = 7): EventContent[] {
  const source = createLiveSource(model, seed);
  return Array.from({ length: count }, (_, n) => source.content(n, START_MS + n));
}

export function hashOf(events: readonly EventContent[]): string {
  const hash = createHash('sha256');
  for (const { userId, movieId, kind, rating, tsMs, source } of events) {
    hash.update(`${userId},${movieId},${kind},${rating},${tsMs},${source}\n`);
  }
  return hash.digest('hex');
}

/** Chi-square of counts against expected ones. */
export function chiSquare(counts: readonly number[], expected: readonly number[]): number {
  return counts.reduce((sum, count, i) => sum + (count - expected[i]!) ** 2 / expected[i]!, 0);
}

/** Bounds that an honest draw leaves on either side with a probability below e^-14, one in a million (Laurent, Massart 2000). */
export function chiSquareBounds(degreesOfFreedom: number): { readonly low: number; readonly high: number } {
  const spread = 2 * Math.sqrt(degreesOfFreedom * 14);
  return { low: degreesOfFreedom - spread, high: degreesOfFreedom + spread + 2 * 14 };
}

/** Share of the events that the most frequent part of all `size` values takes. */
export function headShare(values: readonly number[], part: number, size: number): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const sorted = [...counts.values()].sort((a, b) => b - a);
  return sum(sorted.slice(0, Math.round(size * part))) / values.length;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
