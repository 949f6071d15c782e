import { describe, expect, it } from 'vitest';
import { createChance } from '../../../core/chance.ts';
import { type BatchOptions, batchArrivals } from '../../../core/schedule/batches.ts';

const original: BatchOptions = {
  records: 250,
  recordsJitter: 140,
  intervalMs: 60_000,
  intervalJitterMs: 10_000,
};

interface Batch {
  readonly atMs: number;
  readonly records: number;
}

/** The first batches, found by walking through the events. */
function batchesOf(options: BatchOptions, count: number, seed = 5): Batch[] {
  const arrivals = batchArrivals(options, createChance(seed, 'timing'));
  const batches: Batch[] = [];
  for (let first = 0; batches.length < count; ) {
    const atMs = arrivals.positionOf(first);
    const end = arrivals.countBy(atMs);
    batches.push({ atMs, records: end - first });
    first = end;
  }
  return batches;
}

describe('batches', () => {
  const batches = batchesOf(original, 2_000);
  const waitsMs = batches.slice(1).map(({ atMs }, i) => atMs - batches[i]!.atMs);

  it('start at once, with sizes and intervals within their jitter, spread over all of it', () => {
    const sizes = batches.map(({ records }) => records);
    expect(batches[0]!.atMs).toBe(0);
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([110, 390]);
    expect(Math.min(...waitsMs)).toBeGreaterThanOrEqual(50_000);
    expect(Math.min(...waitsMs)).toBeLessThan(50_100);
    expect(Math.max(...waitsMs)).toBeLessThanOrEqual(70_000);
    expect(Math.max(...waitsMs)).toBeGreaterThan(69_900);
    const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
    expect(mean(sizes)).toBeCloseTo(250, -1);
    expect(mean(waitsMs) / 60_000).toBeCloseTo(1, 2);
  });

  it('wait whole hundredths of a second', () => {
    expect(waitsMs.every((waitMs) => waitMs % 10 === 0)).toBe(true);
    expect(waitsMs.some((waitMs) => waitMs % 100 !== 0)).toBe(true);
  });

  it('have one record at least and a tenth of a second between them, however large the jitter', () => {
    const wild = batchesOf({ records: 1, recordsJitter: 5, intervalMs: 0, intervalJitterMs: 500 }, 500);
    const wildWaitsMs = wild.slice(1).map(({ atMs }, i) => atMs - wild[i]!.atMs);
    expect(Math.min(...wild.map(({ records }) => records))).toBe(1);
    expect(Math.max(...wild.map(({ records }) => records))).toBe(6);
    // six of the eleven draws, from -4 to 1, come to one record
    const singles = wild.filter(({ records }) => records === 1).length;
    expect(Math.abs(singles / wild.length - 6 / 11)).toBeLessThan(0.08);
    expect(Math.min(...wildWaitsMs)).toBe(100);
  });

  it('without jitter are all alike', () => {
    const plain = batchesOf({ records: 3, recordsJitter: 0, intervalMs: 60_000, intervalJitterMs: 0 }, 4);
    expect(plain).toEqual([0, 60_000, 120_000, 180_000].map((atMs) => ({ atMs, records: 3 })));
  });

  it('depend on the seed, and on nothing asked before', () => {
    expect(batchesOf(original, 300, 6)).not.toEqual(batches.slice(0, 300));
    const far = batchArrivals(original, createChance(5, 'timing'));
    const last = batches.at(-1)!;
    const events = batches.reduce((sum, { records }) => sum + records, 0);
    expect(far.positionOf(events - 1)).toBe(last.atMs);
    expect(far.positionOf(0)).toBe(0);
    expect(far.positionOf(events - last.records)).toBe(last.atMs);
    expect(far.countBy(last.atMs - 1)).toBe(events - last.records);
  });
});
