import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { int32 } from '../../../recommender/state/column.ts';
import { createRowLists, LIST_GRANULE } from '../../../recommender/state/row-lists.ts';

const ROWS = 5;
const anAction = fc.record({
  row: fc.nat(ROWS - 1),
  what: fc.oneof(
    { weight: 20, arbitrary: fc.constant('append' as const) },
    { weight: 4, arbitrary: fc.constant('remove' as const) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  ),
  value: fc.integer({ min: 1 }),
});

describe('row lists', () => {
  it('hold what arrays hold, and know whose every slot is', () => {
    fc.assert(
      fc.property(fc.array(anAction, { maxLength: 400 }), (actions) => {
        const lists = createRowLists('lists', { value: int32(LIST_GRANULE) });
        lists.ensureRows(ROWS);
        const model: number[][] = Array.from({ length: ROWS }, () => []);
        for (const { row, what, value } of actions) {
          if (what === 'append') {
            const slot = lists.append(row);
            lists.columns.value.data[slot] = value;
            model[row]!.push(value);
          } else if (what === 'clear') {
            lists.clear(row);
            model[row] = [];
          } else if (model[row]!.length > 0) {
            const index = value % model[row]!.length;
            lists.removeAt(row, index);
            model[row]!.splice(index, 1);
          }
        }
        const owned: number[][] = Array.from({ length: ROWS }, () => []);
        for (let slot = 0; slot < lists.slots; slot++) {
          const row = lists.ownerOfSlot(slot);
          if (row >= 0) owned[row]!.push(lists.columns.value.data[slot]!);
        }
        expect(owned).toEqual(model);
        for (let row = 0; row < ROWS; row++) {
          const start = lists.start(row);
          const found = lists.columns.value.data.subarray(Math.max(0, start), start + lists.length(row));
          if (model[row]!.length > 0) expect(Array.from(found)).toEqual(model[row]);
        }
      }),
    );
  });

  it('use freed blocks again and leave nothing of a cleared list behind', () => {
    const lists = createRowLists('lists', { value: int32(LIST_GRANULE) });
    lists.ensureRows(2);
    const fill = (row: number) => {
      for (let n = 0; n < 100; n++) {
        const slot = lists.append(row);
        lists.columns.value.data[slot] = 7;
      }
    };
    fill(0);
    const slots = lists.slots;
    lists.clear(0);
    expect(Array.from(lists.columns.value.data.subarray(0, slots))).toEqual(new Array(slots).fill(0));
    fill(1);
    expect(lists.slots).toBe(slots);
  });
});
