import { describe, expect, it } from 'vitest';
import { planLetters } from '../../../cli/verify/plan-letters.ts';

const TOPIC = 'letters';
const bounds = (...all: (readonly [start: number, end: number])[]) =>
  new Map(all.map(([start, end], partition) => [partition, { start, end }]));
const planned = (found: ReturnType<typeof bounds>, startOffsets?: readonly number[], topic = TOPIC) =>
  [...planLetters(TOPIC, found, startOffsets ? { letters: { topic, startOffsets } } : {}).values()].map(
    ({ from, to }) => [from, to],
  );

describe('what verify reads of the dead-letter topic', () => {
  it('is what came since the run began', () => {
    expect(planned(bounds([0, 900], [0, 40]), [880, 40])).toEqual([
      [880, 900],
      [40, 40],
    ]);
  });

  it('begins later where retention has taken the start, and at the start of partitions that came later', () => {
    expect(planned(bounds([890, 900], [0, 7]), [880])).toEqual([
      [890, 900],
      [0, 7],
    ]);
  });

  it.each([
    ['an older ledger does not say', undefined, TOPIC],
    ['the ledger means another topic', [880], 'other'],
    ['the topic is shorter than it was', [901], TOPIC],
    ['the topic has fewer partitions than it had', [880, 0], TOPIC],
  ])('is everything where %s', (_, startOffsets, topic) => {
    expect(planned(bounds([3, 900]), startOffsets, topic)).toEqual([[3, 900]]);
  });
});
