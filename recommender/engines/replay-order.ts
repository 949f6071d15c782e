import { createChance } from '../../core/chance.ts';
import type { Column } from '../state/column.ts';

/** The slot to look at next, of so many. */
export type PickSlot = (slots: number) => number;

const TWO_32 = 2 ** 32;
/** 2^32 over the golden ratio: its multiples fill the circle evenly, whatever their number. */
const GOLDEN = 0x9e3779b9;

/**
 * An order in which replay visits slots: a Weyl sequence from a start that the seed gives. It comes to every part of the
 * store equally often, where independent draws would pass some ratings over for long, and costs one multiplication.
 * @param picked counts the picks; the order goes on from it after a restart
 */
export function createReplayOrder(picked: Column<Float64Array>, seed: number, stream: string): PickSlot {
  const start = createChance(seed, stream).below(0, TWO_32);
  return (slots) => {
    const turn = picked.data[0]!++;
    const word = (start + Math.imul(turn | 0, GOLDEN)) >>> 0;
    return Math.floor((word / TWO_32) * slots);
  };
}
