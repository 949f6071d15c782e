import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventIds, parseRunId, readEventId } from '../../core/event-id.ts';

const hex = (id: Uint8Array) => Buffer.from(id).toString('hex');
const runIds = fc.stringMatching(/^[0-9a-f]{15}$/);

describe('event ids', () => {
  it('show run and number to the eye', () => {
    const id = createEventIds('0123456789abcde')(42);
    expect(hex(id)).toBe('0123456789ab8cde800000000000002a');
  });

  it('are UUIDs of version 8 that give back run and number', () => {
    fc.assert(
      fc.property(runIds, fc.maxSafeNat(), (runId, eventNumber) => {
        const id = createEventIds(runId)(eventNumber);
        expect([id[6]! >> 4, id[8]! >> 6]).toEqual([8, 2]);
        expect(readEventId(id)).toEqual({ runId, eventNumber });
      }),
    );
  });

  it('differ when run or number differ', () => {
    const pair = fc.tuple(runIds, fc.maxSafeNat());
    fc.assert(
      fc.property(pair, pair, (a, b) => {
        const same = a[0] === b[0] && a[1] === b[1];
        expect(hex(createEventIds(a[0])(a[1])) === hex(createEventIds(b[0])(b[1]))).toBe(same);
      }),
    );
  });

  it('recognise what is not of this form', () => {
    const id = createEventIds('1')(7);
    expect(readEventId(id.subarray(1))).toBeNull();
    for (const [at, value] of [
      [6, 0x70],
      [8, 0x81],
      [9, 0xff],
    ] as const) {
      const other = Uint8Array.from(id);
      other[at] = value;
      expect(readEventId(other)).toBeNull();
    }
  });

  it.each([-1, 1.5, 2 ** 53, Number.NaN])('refuse the number %d', (number) => {
    expect(() => createEventIds('1')(number)).toThrow(RangeError);
  });

  it('take run ids as people type them', () => {
    expect(parseRunId('BEEF')).toBe('00000000000beef');
    for (const text of ['', 'xyz', '0123456789abcdef', '1 ']) expect(parseRunId(text)).toBeNull();
    expect(() => createEventIds('nope')).toThrow(RangeError);
  });
});
