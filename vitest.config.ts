import { defineConfig } from 'vitest/config';

/**
 * Suites by cost; a test file's place and suffix decide which command runs it.
 * unit: needs nothing but Node. contract: drivers and commands on real parts (Kafka, registry, ClickHouse).
 * faults: parts that are frozen, killed, refused or repaired. smoke: the one system test of `npm test`.
 * alerts: rules under promtool. system: whole processes, many kills.
 */
/** Where a caller wants a machine-readable report, beside the one for people. */
const resultsFile = process.env.REELSTREAM_TEST_RESULTS;

/** A neighbour on a shared machine may hold up a broker for seconds; what fails twice is broken. */
const retry = process.env.CI ? 1 : 0;

/** No file mocks a module or leaves the environment changed: loading all modules anew for each costs a minute. */
const sharedModules = { isolate: false };

/** While one file waits for a part the other works. */
const twoAtATime = {
  fileParallelism: true,
  maxWorkers: 2,
  globalSetup: ['test/helpers/global-build.ts', 'test/helpers/shared-servers.ts'],
  retry,
};

export default defineConfig({
  test: {
    reporters: resultsFile ? ['default', ['json', { outputFile: resultsFile }]] : ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/**/*.{contract,faults}.test.ts',
            'test/alerts/**',
            'test/smoke/**',
            'test/system/**',
          ],
          testTimeout: 20_000,
          maxWorkers: 2,
          ...sharedModules,
          sequence: { groupOrder: 0 },
        },
      },
      ...['contract', 'faults'].map((name) => ({
        test: {
          name,
          include: [`test/**/*.${name}.test.ts`],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          ...twoAtATime,
          ...sharedModules,
          sequence: { groupOrder: 1 },
        },
      })),
      {
        // promtool does the work: it needs no part of the stack, and a core for every run
        test: {
          name: 'alerts',
          include: ['test/alerts/**/*.test.ts'],
          testTimeout: 300_000,
          maxConcurrency: 2,
          fileParallelism: false,
          retry,
          sequence: { groupOrder: 2 },
        },
      },
      ...['smoke', 'system'].map((name) => ({
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          testTimeout: 900_000,
          hookTimeout: 240_000,
          ...twoAtATime,
          sequence: { groupOrder: 2 },
        },
      })),
    ],
  },
});
