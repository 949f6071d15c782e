import { describe, expect, it } from 'vitest';
import { courseOf, type MemorySample } from '../../bench/soak.ts';

const MB = 1024 * 1024;
/** a sample every two seconds */
const samplesOf = (megabytes: readonly number[], heapOf = (_: number) => 20): MemorySample[] =>
  megabytes.map((size, i) => ({
    atMs: 5_000 + i * 2_000,
    residentBytes: size * MB,
    heapUsedBytes: heapOf(i) * MB,
  }));

describe('the course of memory', () => {
  it('is flat when only the start has grown', () => {
    const { firstMb, lastMb, largestMb, slopeMbPerMinute } = courseOf(
      samplesOf([80, 90, 100, 110, 120, 125, 120, 120, 120, 120, 120, 120]),
    );
    expect([firstMb, lastMb, largestMb]).toEqual([80, 120, 125]);
    expect(slopeMbPerMinute).toBeCloseTo(0);
  });

  it('rises by what it rises per minute, however it jitters', () => {
    const leaking = Array.from({ length: 61 }, (_, i) => 100 + i / 10 + (i % 2));
    expect(courseOf(samplesOf(leaking)).slopeMbPerMinute).toBeCloseTo(3, 0);
  });

  it('tells garbage that waits for its collection from memory that is held', () => {
    const resident = Array.from({ length: 60 }, (_, i) => 100 + i / 10);
    const collected = samplesOf(resident, (i) => 20 + (i % 15));
    expect(courseOf(collected).leastHeapMb).toEqual([20, 20, 20]);
    const held = samplesOf(resident, (i) => 20 + (i % 15) + i / 2);
    expect(courseOf(held).leastHeapMb).toEqual([20, 35, 42.5]);
  });

  it('says nothing from too few looks', () => {
    expect(() => courseOf(samplesOf([1, 2, 3]))).toThrow(/ask for more events/);
  });
});
