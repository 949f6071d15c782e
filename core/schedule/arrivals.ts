import type { Chance } from '../chance.ts';

/**
 * Where the events stand on a course. Pure in the event's number, whatever was asked before.
 */
export interface Arrivals {
  /** position of event `i` in the course's units: never falls, Infinity when there is no such event */
  positionOf(i: number): number;
  /** events at or before this position, right up to rounding */
  countBy(position: number): number;
  /** events per unit around this position, looking `units` ahead where no better is known */
  densityAt(position: number, units: number): number;
}

/** none: evenly spaced. uniform: each event anywhere in its own slot. poisson: as independent users would send. */
export const JITTERS = ['none', 'uniform', 'poisson'] as const;
export type Jitter = (typeof JITTERS)[number];

/** One event per unit of the course. */
export function createArrivals(jitter: Jitter, chance: Chance): Arrivals {
  if (jitter === 'poisson') return poissonArrivals(chance);
  const offset = jitter === 'uniform' ? chance.unit : () => 0;
  return {
    positionOf: (i) => i + offset(i),
    countBy: (position) => Math.floor(position) + 1,
    densityAt: () => 1,
  };
}

/** Events whose positions are drawn together; any block can be drawn alone. */
const BLOCK_EVENTS = 1_024;
/** A producer that is behind asks about the events it sends and about those that are due by now. */
const BLOCKS_AT_HAND = 4;

/**
 * A Poisson process told that exactly 1,024 events fall into each stretch of 1,024 units: their positions are those of as
 * many independent uniform draws in order, had from normalised sums of exponential gaps (Devroye, Non-Uniform Random
 * Variate Generation, 1986, chapter V). So the rate is exact over a block, and the gaps are exponential within it.
 */
function poissonArrivals(chance: Chance): Arrivals {
  const atHand = Array.from({ length: BLOCKS_AT_HAND }, () => ({
    number: -1,
    positions: new Float64Array(BLOCK_EVENTS),
  }));

  const blockOf = (number: number): Float64Array => {
    const place = atHand[number % BLOCKS_AT_HAND]!;
    if (place.number !== number) {
      place.number = number;
      drawBlock(chance, number, place.positions);
    }
    return place.positions;
  };
  return {
    positionOf(i) {
      const block = Math.floor(i / BLOCK_EVENTS);
      return blockOf(block)[i - block * BLOCK_EVENTS]!;
    },
    countBy(position) {
      const block = Math.floor(position / BLOCK_EVENTS);
      return block * BLOCK_EVENTS + countAtOrBelow(blockOf(block), BLOCK_EVENTS, position);
    },
    densityAt: () => 1,
  };
}

function drawBlock(chance: Chance, block: number, positions: Float64Array): void {
  let sum = 0;
  for (let k = 0; k < BLOCK_EVENTS; k += 2) {
    // a draw has 53 bits: enough for two gaps, which halves the cost of an event
    const shifted = chance.unit(block, k) * 2 ** 26;
    const upper = Math.floor(shifted);
    sum -= Math.log(1 - upper / 2 ** 26);
    positions[k] = sum;
    sum -= Math.log(1 - (shifted - upper));
    positions[k + 1] = sum;
  }
  sum -= Math.log(1 - chance.unit(block, BLOCK_EVENTS));
  const first = block * BLOCK_EVENTS;
  const unitsPerGap = BLOCK_EVENTS / sum;
  for (let k = 0; k < BLOCK_EVENTS; k++) {
    positions[k] = first + Math.min(BLOCK_EVENTS, positions[k]! * unitsPerGap);
  }
}

/**
 * Recorded times replayed; the course counts recorded seconds.
 * @param seconds in time order, each whole or not, from any origin
 */
export function recordedArrivals(seconds: ArrayLike<number>): Arrivals {
  const originSeconds = seconds[0] ?? 0;
  const countBy = (position: number) => countAtOrBelow(seconds, seconds.length, originSeconds + position);
  return {
    positionOf: (i) => (i < seconds.length ? seconds[i]! - originSeconds : Number.POSITIVE_INFINITY),
    countBy,
    densityAt: (position, units) => (countBy(position + units) - countBy(position)) / units,
  };
}

function countAtOrBelow(sorted: ArrayLike<number>, length: number, value: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
