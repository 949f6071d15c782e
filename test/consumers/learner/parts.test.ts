import { describe, expect, it } from 'vitest';
import { createPositionWaiters } from '../../../consumers/learner/positions.ts';
import { createScoring } from '../../../consumers/learner/scoring.ts';
import { nextSliceSize } from '../../../consumers/learner/slice-size.ts';
import { createUserDirectory } from '../../../consumers/learner/user-directory.ts';
import { createManualClock } from '../../../core/clock.ts';
import { createRecommender } from '../../../recommender/recommender.ts';
import { rating } from '../../helpers/events.ts';
import { MODEL } from '../../helpers/learner-harness.ts';

describe('who waits for a position', () => {
  it('is answered when it is passed, at once when it was, and false at the deadline', async () => {
    const clock = createManualClock();
    const positions = new Map([[0, 5]]);
    const waiters = createPositionWaiters(clock, (partition) => positions.get(partition));
    expect(await waiters.reached(0, 4, 1_000)).toBe(true);
    expect(await waiters.reached(9, 0, 1_000)).toBe(false);
    const soon = waiters.reached(0, 7, 1_000);
    const never = waiters.reached(0, 8, 1_000);
    positions.set(0, 8);
    waiters.moved(0, 8);
    expect(await soon).toBe(true);
    await clock.advance(1_000);
    expect(await never).toBe(false);
  });
});

describe('the size of a slice', () => {
  it('settles below the budget, whatever a record costs', () => {
    for (const costMs of [0.001, 0.05, 0.4]) {
      let size = 16;
      for (let slice = 0; slice < 30; slice++) size = nextSliceSize(size, size * costMs, 2);
      expect(size * costMs).toBeLessThanOrEqual(costMs === 0.001 ? 4.1 : 2);
      expect(size * costMs).toBeGreaterThan(0.5);
    }
  });

  it('is never less than one record, and falls at once after a long slice', () => {
    expect(nextSliceSize(1, 50, 2)).toBe(1);
    expect(nextSliceSize(100, 20, 2)).toBe(6);
    expect(nextSliceSize(100, 0, 2)).toBe(150);
  });
});

describe('who there is', () => {
  const make = (from?: Parameters<typeof createUserDirectory>[1]) =>
    createUserDirectory({ firstUserId: 100, maxProfiles: 2 }, from);
  const profile = { gender: 'F', yearOfBirth: 1980 };

  it('gives ids above every one seen, above the floor, and none twice', () => {
    const people = make();
    expect([people.takeNextId(), people.takeNextId()]).toEqual([100, 101]);
    people.sawEvent({ kind: 'RATED', userId: 500 });
    people.sawProfile(600, profile);
    expect([people.takeNextId(), people.takeNextId()]).toEqual([601, 602]);
  });

  it('knows of a deletion until the person does something again, also after a restart', () => {
    const people = make();
    people.sawEvent({ kind: 'USER_DELETED', userId: 7 });
    people.sawEvent({ kind: 'USER_DELETED', userId: 8 });
    people.sawEvent({ kind: 'RATED', userId: 8 });
    const restored = make(people.state());
    expect([restored.isDeleted(7), restored.isDeleted(8)]).toEqual([true, false]);
    restored.sawProfile(7, profile);
    expect(restored.isDeleted(7)).toBe(false);
    restored.sawProfile(7, null);
    expect([restored.isDeleted(7), restored.profile(7)]).toEqual([true, null]);
  });

  it('holds so many profiles and counts the rest', () => {
    const people = make();
    for (const userId of [1, 2, 3]) people.sawProfile(userId, profile);
    people.sawProfile(2, { gender: null, yearOfBirth: null });
    expect([people.profiles, people.refusedProfiles, people.profile(3)]).toEqual([2, 1, null]);
    expect(people.profile(2)).toEqual({ gender: null, yearOfBirth: null });
  });
});

describe('prequential error', () => {
  it('holds what was foreseen against what came, before it is learned', () => {
    const recommender = createRecommender(MODEL);
    const scoring = createScoring(recommender);
    const expected = { squared: 0, plain: 0, naive: 0, n: 0 };
    for (let i = 0; i < 300; i++) {
      const event = rating({
        userId: 1 + (i % 7),
        movieId: 1 + (i % 41),
        rating: (i % 10) / 2,
        tsMs: 1e12 + i,
      });
      const mean = recommender.mean();
      const before = recommender.predict(event.userId, event.movieId, event.tsMs);
      const without = recommender.predict(event.userId, event.movieId);
      scoring.before(event, i);
      const outcome = recommender.apply(event);
      scoring.after(outcome);
      if (outcome !== 'learned') continue;
      expected.n += 1;
      expected.squared += (event.rating! - before) ** 2;
      expected.plain += (event.rating! - without) ** 2;
      expected.naive += (event.rating! - mean) ** 2;
    }
    const { scores } = scoring;
    expect(scores.scored).toBe(expected.n);
    expect(scores.squaredError).toBeCloseTo(expected.squared, 6);
    expect(scores.squaredErrorWithoutDrift).toBeCloseTo(expected.plain, 6);
    expect(scores.naiveSquaredError).toBeCloseTo(expected.naive, 6);
    expect(scores.hitsScored).toBe(3);
    expect(scores.popularityHits).toBeGreaterThan(0);
  });
});
