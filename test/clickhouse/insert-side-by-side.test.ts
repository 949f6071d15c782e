import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitBatch } from '../../clickhouse/insert-side-by-side.ts';
import type { FencedBatch } from '../../clickhouse/sink-store.ts';

/** A body in which every byte of a slot is the slot's number. */
function batchOf(rows: readonly number[]): FencedBatch {
  const slots = rows.map((n, slot) => ({ slot, epoch: 1n, first: 0, last: n - 1, rows: n, bytes: 3 * n }));
  const body = Buffer.concat(slots.map(({ slot, bytes }) => Buffer.alloc(bytes, slot)));
  return { rows: rows.reduce((a, b) => a + b, 0), body, slots };
}

describe('splitting a batch', () => {
  it('leaves small batches and single slots whole', () => {
    expect(splitBatch(batchOf([4, 5]), 10)).toHaveLength(1);
    expect(splitBatch(batchOf([50]), 10)).toHaveLength(1);
  });

  it('cuts near the middle', () => {
    const slotsOf = (rows: number[]) =>
      splitBatch(batchOf(rows), 1).map(({ slots }) => slots.map(({ slot }) => slot));
    expect(slotsOf([10, 10, 10, 10])).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(slotsOf([40, 10, 10, 10])).toEqual([[0], [1, 2, 3]]);
    expect(slotsOf([10, 10, 10, 40])).toEqual([[0, 1, 2], [3]]);
  });

  it('keeps every slot whole, its bytes and its order', () => {
    const rows = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(rows, (list) => {
        const batch = batchOf(list);
        const pieces = splitBatch(batch, 1);
        expect(pieces.flatMap(({ slots }) => slots)).toEqual(batch.slots);
        expect(Buffer.concat(pieces.map(({ body }) => body)).equals(batch.body)).toBe(true);
        for (const { rows: n, body, slots } of pieces) {
          expect(n).toBe(slots.reduce((sum, run) => sum + run.rows, 0));
          expect(body.length).toBe(slots.reduce((sum, run) => sum + run.bytes, 0));
          expect(new Set(body)).toEqual(new Set(slots.map(({ slot }) => slot)));
        }
      }),
    );
  });
});
