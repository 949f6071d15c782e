import { ReelstreamError } from '../../core/errors.ts';

/** One bit for each number of a range. */
export interface Bitset {
  has(n: number): boolean;
  /** true when it was not there before */
  add(n: number): boolean;
}

/** 1 GB */
const MAX_NUMBERS = 2 ** 33;

/** @throws ReelstreamError `bad_data` for a range of more than eight billion numbers */
export function createBitset(first: number, end: number): Bitset {
  const length = Math.max(0, end - first);
  if (length > MAX_NUMBERS) {
    throw new ReelstreamError('bad_data', `events ${first} to ${end} are too many to be verified at once`);
  }
  const bytes = new Uint8Array(Math.ceil(length / 8));
  return {
    has(n) {
      const at = n - first;
      return (bytes[Math.floor(at / 8)]! & (1 << (at % 8))) !== 0;
    },
    add(n) {
      const at = n - first;
      const place = Math.floor(at / 8);
      const bit = 1 << (at % 8);
      const before = bytes[place]!;
      bytes[place] = before | bit;
      return (before & bit) === 0;
    },
  };
}
