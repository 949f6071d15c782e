/** All scenarios and all mutants: REELSTREAM_TEST_FULL=1. */
export const isFull = process.env.REELSTREAM_TEST_FULL === '1';

/** Every n-th, always the same ones. */
export const sampleOf = <T>(all: readonly T[], n: number): T[] =>
  isFull ? [...all] : all.filter((_, i) => i % n === 0);
