import { defineConfig } from 'vitest/config';

/**
 * Suites by cost. A test file's place decides which command runs it:
 * `*.test.ts` needs nothing but Node; `*.contract.test.ts` starts real parts (Kafka, registry, ClickHouse);
 * `test/system/**` drives whole processes; `test/faults/**` kills them at enumerated points.
 */
const unit = {
  include: ['test/**/*.test.ts'],
  exclude: ['test/**/*.contract.test.ts', 'test/system/**', 'test/faults/**'],
};

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', ...unit, testTimeout: 20_000 } },
      {
        test: {
          name: 'contract',
          include: ['test/**/*.contract.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          maxWorkers: 1,
        },
      },
    ],
  },
});
