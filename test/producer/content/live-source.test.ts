import { describe, expect, it } from 'vitest';
import type { ContentModel } from '../../../producer/content/content-model.ts';
import { UNKNOWN_FILMS } from '../../../producer/content/content-model.ts';
import { RATING_STEPS } from '../../../producer/content/film-ratings.ts';
import { createLiveSource } from '../../../producer/content/live-source.ts';
import { chiSquare, chiSquareBounds, eventsOf, everything, hashOf, mean, sample, sum } from './fixture.ts';

const START_MS = 1_700_000_000_000;
const range = { firstId: 300_001, lastId: 300_300, swapped: false };

describe('live content', () => {
  it('rates each film as the distribution says: chi-square per film and over all', () => {
    const ROUNDS = 1_000_000;
    const counts = new Float64Array(sample.films.probabilities.length);
    const rowOf = new Map(Array.from(sample.films.movieIds, (movieId, row) => [movieId, row]));
    const source = createLiveSource(sample, 11);
    for (let n = 0; n < ROUNDS; n++) {
      const { movieId, rating } = source.content(n, START_MS);
      counts[rowOf.get(movieId)! * RATING_STEPS + rating! * 2 - 1]! += 1;
    }
    let [total, freedom, films] = [0, 0, 0];
    for (const row of rowOf.values()) {
      const at = row * RATING_STEPS;
      const found = [...counts.subarray(at, at + RATING_STEPS)];
      const expected = [...sample.films.probabilities.subarray(at, at + RATING_STEPS)].map(
        (p) => p * sum(found),
      );
      const possible = found.flatMap((_, step) => (expected[step]! > 0 ? [step] : []));
      // what has probability 0 never comes
      expect(sum(possible.map((step) => found[step]!))).toBe(sum(found));
      if (possible.length < 2 || possible.some((step) => expected[step]! < 5)) continue;
      const square = chiSquare(
        possible.map((step) => found[step]!),
        possible.map((step) => expected[step]!),
      );
      expect(square).toBeLessThan(chiSquareBounds(possible.length - 1).high);
      total += square;
      freedom += possible.length - 1;
      films += 1;
    }
    expect(films).toBeGreaterThan(1_500);
    expect(total).toBeLessThan(chiSquareBounds(freedom).high);
    expect(total).toBeGreaterThan(chiSquareBounds(freedom).low);
  });

  it.each([0, 0.3, 1])('has a new user with probability %d, any of the range alike', (probability) => {
    const users = { firstId: 1, lastId: 270_896 };
    const ids = eventsOf({ ...sample, users, newUsers: { ...range, probability } }, 60_000).map(
      (e) => e.userId,
    );
    const added = ids.filter((id) => id >= range.firstId);
    const deviation = Math.sqrt((probability * (1 - probability)) / ids.length);
    expect(Math.abs(added.length / ids.length - probability)).toBeLessThanOrEqual(4 * deviation);
    expect(ids.every((id) => (id >= 1 && id <= 270_896) || (id >= 300_001 && id <= 300_300))).toBe(true);
    if (probability === 0) return;
    const counts = new Array<number>(300).fill(0);
    for (const id of added) counts[id - 300_001]! += 1;
    const even = new Array<number>(300).fill(added.length / 300);
    expect(chiSquare(counts, even)).toBeLessThan(chiSquareBounds(299).high);
  });

  it.each([0, 0.3, 1])('takes probability %d for existing users when ranges are swapped', (probability) => {
    const newUsers = { ...range, probability, swapped: true };
    const existing = eventsOf({ ...sample, newUsers }, 30_000).filter(({ userId }) => userId <= 610);
    expect(existing.length / 30_000).toBeCloseTo(probability, 1);
    if (probability !== 0.3) expect(existing).toHaveLength(probability * 30_000);
  });

  it('has the shares asked for of watches, re-ratings and unknown films', () => {
    const events = eventsOf(everything, 100_000);
    const share = (pick: (event: (typeof events)[number]) => boolean) =>
      mean(events.map((e) => (pick(e) ? 1 : 0)));
    expect(share(({ kind }) => kind === 'WATCHED')).toBeCloseTo(0.2, 2);
    expect(share(({ movieId }) => movieId >= UNKNOWN_FILMS.firstId)).toBeCloseTo(0.02, 2);
    expect(events.every(({ movieId }) => movieId <= UNKNOWN_FILMS.lastId)).toBe(true);
    expect(events.every(({ kind, rating }) => (kind === 'WATCHED') === (rating === null))).toBe(true);
    expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(['RATED', 'WATCHED']));
  });

  it('rates again what an earlier, settled event was about, with the share asked for', () => {
    const plain = eventsOf(sample, 60_000);
    const model = { ...sample, reRatingShare: 0.1, reRatingWindow: 5_000 };
    const pair = ({ userId, movieId }: { userId: number; movieId: number }) => `${userId} ${movieId}`;
    const events = eventsOf(model, 60_000).map((event, n) => ({
      n,
      again: pair(event) !== pair(plain[n]!),
      event,
    }));
    const again = events.filter((event) => event.again);
    expect(again.length / 60_000).toBeCloseTo(0.1, 2);
    const firstAt = new Map<string, number>();
    for (const { n, event } of events) if (!firstAt.has(pair(event))) firstAt.set(pair(event), n);
    expect(again.filter(({ n, event }) => !(firstAt.get(pair(event))! < n - model.referAfter))).toEqual([]);
    // the new rating is drawn anew
    const changed = again.filter(({ event }) => event.rating !== plain[firstAt.get(pair(event))!]!.rating);
    expect(changed.length).toBeGreaterThan(again.length / 3);
  });

  it('carries the intended time in whole milliseconds', () => {
    const source = createLiveSource(sample, 1);
    expect(source.content(3, START_MS + 0.6)).toMatchObject({ tsMs: START_MS + 1, source: 'live' });
    expect(source.length).toBe(Number.POSITIVE_INFINITY);
  });

  it('is the same in any order and split over any number of workers', () => {
    const inOrder = eventsOf(everything, 20_000);
    const backwards = createLiveSource(everything, 7);
    for (let n = 19_999; n >= 0; n -= 37) expect(backwards.content(n, START_MS + n)).toEqual(inOrder[n]);
    for (const workers of [2, 3, 7]) {
      const sources = Array.from({ length: workers }, () => createLiveSource(everything, 7));
      const split = inOrder.map((_, n) => sources[n % workers]!.content(n, START_MS + n));
      expect(hashOf(split)).toBe(hashOf(inOrder));
    }
  });

  it('begins at its first event: numbers before it are a replay’s', () => {
    const shifted = createLiveSource({ ...everything, firstEvent: 100_836 }, 7);
    const events = eventsOf(everything, 3_000).map((_, n) => shifted.content(100_836 + n, START_MS + n));
    expect(hashOf(events)).toBe(hashOf(eventsOf(everything, 3_000)));
  });

  it('means the same for a seed as ever: whoever changes this changes what recorded runs say', () => {
    expect(hashOf(eventsOf(everything, 20_000, 0))).toBe(
      '7f3b6e072b7469fed9bf0df1271449a1080e6e7be19aa58d83c7258f2595dbb6',
    );
  });

  it.each<[string, Partial<ContentModel>, RegExp]>([
    ['a share above 1', { unknownFilmShare: 1.5 }, /unknown films: the share 1.5 is not from 0 to 1/],
    [
      're-ratings of nearly everything',
      { reRatingShare: 0.95 },
      /re-ratings: the share 0.95 is not from 0 to 0.9/,
    ],
    ['more than everything', { reRatingShare: 0.6, watchShare: 0.6 }, /re-ratings and watches together/],
    ['an empty range of users', { users: { firstId: 9, lastId: 8 } }, /users: 9 to 8 is no range/],
    [
      'new users among the existing',
      { newUsers: { share: 0.1, firstId: 600, followUps: 1 } },
      /must be above 610/,
    ],
    [
      'new films among the known',
      { newFilms: { share: 0.1, firstId: 600, followUps: 1 } },
      /must be above 193609/,
    ],
    [
      'new films among the unknown',
      { newFilms: { share: 0.1, firstId: 2e9, followUps: 1 } },
      /below 2000000000/,
    ],
    ['an activity without a limit', { activityExponent: 1 }, /the exponent 1 is not from 0 to below 1/],
    ['no refer-after', { referAfter: 0 }, /refer-after: 0 is no whole number from 1/],
    ['popularity by counts without counts', { counts: null }, /give --counts/],
  ])('is refused for %s', (_, change, message) => {
    expect(() => createLiveSource({ ...sample, ...change }, 1)).toThrow(message);
  });
});
