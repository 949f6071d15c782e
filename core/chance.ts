/**
 * Randomness by counter: draw `draw` of event `n` is a pure function of (seed, stream, n, draw). Nothing is consumed in
 * order, so that a run can be split, resumed and repeated, and one stream (content, timing, faults …) never disturbs
 * another.
 */
export interface Chance {
  /** uniform in [0, 1), 53 bits */
  unit(n: number, draw?: number): number;
  /** uniform whole number in [0, bound) */
  below(n: number, bound: number, draw?: number): number;
}

const TWO_32 = 2 ** 32;
const GOLDEN = 0x9e3779b9;

/** @param seed whole number from 0 to 2^53 - 1; 0 is a seed like any other */
export function createChance(seed: number, stream: string): Chance {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`${seed} is no seed`);
  const streamKey = [...stream].reduce((hash, character) => mix(hash ^ character.codePointAt(0)!), GOLDEN);
  const lowKey = mix(mix(low(seed) ^ streamKey) + high(seed));
  const highKey = mix(lowKey ^ GOLDEN);

  const word = (lowN: number, highN: number, index: number): number => {
    const keyed = mix((lowN ^ lowKey) + Math.imul(index, GOLDEN));
    return mix(keyed ^ mix(highN + highKey + index)) >>> 0;
  };
  const unit = (n: number, draw = 0): number => {
    const lowN = low(n);
    const highN = high(n);
    const upper = word(lowN, highN, 2 * draw) >>> 5;
    const lower = word(lowN, highN, 2 * draw + 1) >>> 6;
    return (upper * 2 ** 26 + lower) / 2 ** 53;
  };
  return { unit, below: (n, bound, draw = 0) => Math.floor(unit(n, draw) * bound) };
}

const low = (value: number): number => value | 0;
const high = (value: number): number => Math.floor(value / TWO_32) | 0;

/** A bijection of 32 bits in which every input bit reaches every output bit: the "lowbias32" constants of Chris Wellons. */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
}
