import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDedupeWindow } from '../../core/dedupe-window.ts';
import { idOf } from '../helpers/events.ts';

/** The definition, word for word: ids of `ok` records with an offset in [offset - window, offset). */
function createNaiveWindow(windowOffsets: number) {
  const entries: { id: string; offset: number }[] = [];
  const live = (offset: number) => entries.filter((entry) => entry.offset >= offset - windowOffsets);
  return {
    entries,
    live,
    admit(id: Uint8Array, offset: number): boolean {
      const text = Buffer.from(id).toString('hex');
      if (live(offset).some((entry) => entry.id === text)) return false;
      entries.push({ id: text, offset });
      return true;
    },
  };
}

function asBytes(entries: readonly { id: string; offset: number }[]): Buffer {
  return Buffer.concat(
    entries.map(({ id, offset }) => {
      const entry = Buffer.alloc(24);
      entry.writeBigUInt64LE(BigInt(offset), 0);
      entry.write(id, 8, 'hex');
      return entry;
    }),
  );
}

/** Few ids, small windows and gaps in the offsets, so that expiry, re-admission and overwriting all happen often. */
const script = fc.record({
  windowOffsets: fc.integer({ min: 1, max: 40 }),
  start: fc.constantFrom(0, 5, 2 ** 32 - 20, 2 ** 45),
  steps: fc.array(fc.tuple(fc.integer({ min: 0, max: 25 }), fc.constantFrom(1, 1, 1, 1, 2, 7, 30)), {
    maxLength: 200,
  }),
});

describe('duplicate window', () => {
  it('answers like its definition', () => {
    fc.assert(
      fc.property(script, ({ windowOffsets, start, steps }) => {
        const window = createDedupeWindow(windowOffsets);
        const naive = createNaiveWindow(windowOffsets);
        let offset = start;
        for (const [id, gap] of steps) {
          offset += gap;
          expect(window.admit(idOf(id), offset)).toBe(naive.admit(idOf(id), offset));
          expect(window.entriesAt(offset + 1)).toBe(naive.live(offset + 1).length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('goes on the same after it was rebuilt from offsets and ids', () => {
    fc.assert(
      fc.property(script, fc.nat(), ({ windowOffsets, start, steps }, where) => {
        const naive = createNaiveWindow(windowOffsets);
        let window = createDedupeWindow(windowOffsets);
        let offset = start;
        const rebuildAt = steps.length === 0 ? 0 : where % steps.length;
        steps.forEach(([id, gap], step) => {
          offset += gap;
          if (step === rebuildAt) window = createDedupeWindow(windowOffsets, asBytes(naive.live(offset)));
          expect(window.admit(idOf(id), offset)).toBe(naive.admit(idOf(id), offset));
        });
      }),
    );
  });

  it('gives out its entries as they are read, and goes on the same from them', () => {
    fc.assert(
      fc.property(script, fc.nat(), ({ windowOffsets, start, steps }, where) => {
        const naive = createNaiveWindow(windowOffsets);
        let window = createDedupeWindow(windowOffsets);
        let offset = start;
        const rebuildAt = steps.length === 0 ? 0 : where % steps.length;
        steps.forEach(([id, gap], step) => {
          offset += gap;
          if (step === rebuildAt) {
            const entries = window.entries(offset);
            expect(Buffer.from(entries).equals(asBytes(naive.live(offset)))).toBe(true);
            window = createDedupeWindow(windowOffsets, entries);
          }
          expect(window.admit(idOf(id), offset)).toBe(naive.admit(idOf(id), offset));
        });
      }),
      { numRuns: 500 },
    );
  });

  it('keeps an id for exactly the last 100,000 offsets', () => {
    const window = createDedupeWindow();
    expect(window.admit(idOf(1), 10)).toBe(true);
    expect(window.admit(idOf(1), 100_010)).toBe(false);
    expect(window.admit(idOf(1), 100_011)).toBe(true);
  });

  it('holds a full window of ids, each found', () => {
    const window = createDedupeWindow();
    for (let offset = 0; offset < 300_000; offset++) window.admit(idOf(offset), offset);
    expect(window.entriesAt(300_000)).toBe(100_000);
    for (let id = 200_000; id < 300_000; id++) {
      if (window.admit(idOf(id), 300_000)) expect.unreachable(`id ${id} was forgotten`);
    }
    expect(window.admit(idOf(199_999), 300_000)).toBe(true);
  });

  it('tells ids apart that differ in one bit', () => {
    const window = createDedupeWindow();
    let offset = 0;
    for (let bit = 0; bit < 128; bit++) {
      const id = Buffer.alloc(16);
      id[bit >> 3] = 1 << (bit & 7);
      expect(window.admit(id, offset++)).toBe(true);
    }
  });

  it('takes no half entries: what comes before them may be incomplete as well', () => {
    expect(() => createDedupeWindow(10, Buffer.alloc(24 * 3 + 23))).toThrow(RangeError);
  });
});
