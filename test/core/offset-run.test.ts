import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOffsetRun, type FetchedRange } from '../../core/offset-run.ts';

const fetched = (position: number, offsets: readonly number[], nextPosition?: number): FetchedRange => ({
  position,
  records: offsets.map((offset) => ({ offset })),
  nextPosition: nextPosition ?? (offsets.at(-1) ?? position - 1) + 1,
});

describe('run of offsets', () => {
  it.each<[string, FetchedRange, boolean]>([
    ['the next records', fetched(100, [100, 101, 102]), true],
    ['records behind a gap inside the fetch', fetched(100, [103, 107]), true],
    ['nothing but a marker', fetched(100, [], 101), true],
    ['nothing at all', fetched(100, [], 100), true],
    ['a fetch asked from further on', fetched(101, [101]), false],
    ['a fetch asked from before', fetched(99, [99, 100]), false],
    ['the right record of a fetch asked from elsewhere', fetched(90, [100, 101]), false],
    ['a record from before its position', fetched(100, [99, 100]), false],
    ['a record twice', fetched(100, [100, 100]), false],
    ['records in the wrong order', fetched(100, [101, 100], 102), false],
    ['a fetch that ends before its last record', fetched(100, [100, 101], 101), false],
  ])('decides about %s', (_, fetch, accepted) => {
    expect(createOffsetRun(100).accepts(fetch)).toBe(accepted);
  });

  it('says how many offsets the log skipped, over several fetches too', () => {
    const run = createOffsetRun(100);
    expect(run.take(100)).toBe(0);
    run.finish(105);
    expect(run.accepts(fetched(105, [], 110))).toBe(true);
    run.finish(110);
    expect(run.take(112)).toBe(11);
    expect(run.reached).toBe(113);
  });

  it('goes on at the record where a fetch was left', () => {
    const run = createOffsetRun(0);
    run.take(0);
    run.stopAt(4);
    expect(run.accepts(fetched(1, [4, 5]))).toBe(false);
    expect(run.accepts(fetched(4, [4, 5]))).toBe(true);
    expect(run.take(4)).toBe(3);
  });

  it('accounts for every offset once, whatever a reader delivers', () => {
    const log = fc
      .uniqueArray(fc.nat(60), { minLength: 1, maxLength: 40 })
      .map((o) => o.sort((a, b) => a - b));
    const deliveries = fc.array(fc.record({ jump: fc.integer({ min: -3, max: 3 }), size: fc.nat(8) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(log, deliveries, (offsets, steps) => {
        const run = createOffsetRun(0);
        const taken: number[] = [];
        let accounted = 0;
        for (const { jump, size } of steps) {
          // a reader that is sometimes somewhere else than it was told to be
          const position = Math.max(0, run.position + jump);
          const records = offsets.filter((offset) => offset >= position).slice(0, size);
          const fetch = fetched(position, records);
          expect(run.accepts(fetch)).toBe(position === run.position);
          if (!run.accepts(fetch)) continue;
          for (const offset of records) {
            accounted += run.take(offset) + 1;
            taken.push(offset);
          }
          run.finish(fetch.nextPosition);
        }
        expect(taken).toEqual(offsets.slice(0, taken.length));
        expect(accounted).toBe(taken.length === 0 ? 0 : taken.at(-1)! + 1);
      }),
    );
  });
});
