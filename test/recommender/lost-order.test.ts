import { describe, expect, it } from 'vitest';
import { createEventCursor } from '../../recommender/evaluation/learners.ts';
import { orderOf, selectRatings } from '../../recommender/evaluation/ratings.ts';
import { recommenderDefaults } from '../../recommender/options.ts';
import { createRecommender, type Recommender } from '../../recommender/recommender.ts';
import { stateHash } from '../../recommender/state/snapshot.ts';
import { sampleRatings } from './evaluation/sample.ts';

const PARTITIONS = 4;
const EVENTS_PER_ROUND = 5;

const sample = sampleRatings();
const ratings = selectRatings(
  sample,
  orderOf(sample, 'time', 0).filter((row) => sample.userIds[row]! % 5 === 0),
);

/** Partitions of a log that is read at the pace it grows, fetched one after the other: so many rows of time in each turn. */
function interleaved(rows: readonly number[], perTurn: number): number[] {
  const order: number[] = [];
  for (let from = 0; from < rows.length; from += perTurn) {
    const turn = rows.slice(from, from + perTurn);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      order.push(...turn.filter((row) => ratings.userIds[row]! % PARTITIONS === partition));
    }
  }
  return order;
}

function learn(order: readonly number[]): Recommender {
  const recommender = createRecommender({
    ...recommenderDefaults('blend'),
    replayInPath: false,
    ranking: false,
  });
  const eventOf = createEventCursor(ratings);
  order.forEach((row, n) => {
    recommender.apply(eventOf(row));
    if (n % EVENTS_PER_ROUND === 0) recommender.replay(1);
  });
  return recommender;
}

function rmse(recommender: Recommender): number {
  let sum = 0;
  for (let row = 0; row < ratings.length; row++) {
    const predicted = recommender.predict(ratings.userIds[row]!, ratings.movieIds[row]!);
    sum += (ratings.halfStars[row]! / 2 - predicted) ** 2;
  }
  return Math.sqrt(sum / ratings.length);
}

const opinionsOf = (recommender: Recommender) =>
  [...new Set(ratings.userIds)].map((userId) => [userId, recommender.opinions(userId)]);

describe('records whose order was lost', () => {
  const order = interleaved(
    Array.from({ length: ratings.length }, (_, row) => row),
    100,
  );
  const whole = learn(order);

  it.each([2_000, 5_000])(
    '%d of them, learned in another: equal opinions, and errors within 0.001',
    (lost) => {
      const kept = order.slice(0, -lost);
      const again = learn([
        ...kept,
        ...interleaved(
          order.slice(-lost).sort((a, b) => a - b),
          700,
        ),
      ]);
      expect(opinionsOf(again)).toEqual(opinionsOf(whole));
      // it is another state, and next to no worse
      expect(stateHash(again.snapshot())).not.toBe(stateHash(whole.snapshot()));
      expect(Math.abs(rmse(again) - rmse(whole))).toBeLessThan(0.001);
    },
  );

  it('would not be found equal with an event less', () => {
    expect(opinionsOf(learn(order.slice(0, -1)))).not.toEqual(opinionsOf(whole));
  });
});
