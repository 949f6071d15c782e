import type { Chance } from '../../core/chance.ts';
import { createShuffle } from './id-shuffle.ts';

export interface IdRange {
  readonly firstId: number;
  readonly lastId: number;
}

/** Knots of the table below. Between two of them users of neighbouring ranks come out equally busy. */
const KNOTS = 4_096;

/**
 * Draws a user id from the range, some far busier than others: the busiest share `x` of them give the share
 * `x^(1 - exponent)` of the events, as under Zipf's law, but by inversion, so that the table does not grow with the
 * range. Who is busy is the seed's choice.
 * @param exponent 0 (all alike) to below 1
 */
export function createPopulation(
  { firstId, lastId }: IdRange,
  exponent: number,
  chance: Chance,
): (unit: number) => number {
  const size = lastId - firstId + 1;
  if (exponent === 0) return (unit) => firstId + Math.floor(unit * size);
  const ranks = Float64Array.from(
    { length: KNOTS + 1 },
    (_, knot) => size * (knot / KNOTS) ** (1 / (1 - exponent)),
  );
  const shuffle = createShuffle(size, chance);
  return (unit) => {
    const at = unit * KNOTS;
    const knot = Math.floor(at);
    const from = ranks[knot]!;
    return firstId + shuffle(Math.floor(from + (at - knot) * (ranks[knot + 1]! - from)));
  };
}
