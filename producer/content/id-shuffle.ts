import type { Chance } from '../../core/chance.ts';

/** Rank -> place: a permutation of 0 to size - 1. */
export type Shuffle = (rank: number) => number;

/**
 * A permutation in a few integer operations and no memory, whatever the size (at most 2^31): steps that can be undone
 * (odd factor, shifted exclusive or) shuffle the next power of two, and what falls outside goes round again.
 */
export function createShuffle(size: number, chance: Chance): Shuffle {
  const bits = Math.max(1, 32 - Math.clz32(size - 1));
  const mask = 2 ** bits - 1;
  const shift = Math.ceil(bits / 2);
  const [first, second] = [1, 2].map((n) => chance.below(n, 2 ** 31) * 2 + 1) as [number, number];
  const offset = chance.below(0, 2 ** 31);
  return (rank) => {
    let place = rank;
    do {
      place = (Math.imul(place, first) + offset) & mask;
      place ^= place >>> shift;
      place = Math.imul(place, second) & mask;
      place ^= place >>> shift;
    } while (place >= size);
    return place;
  };
}
