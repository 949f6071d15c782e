import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lagOf } from '../../reconciler/lag.ts';
import { isHistory, PERIODS, periodsAt } from '../../reconciler/periods.ts';
import { addUp, compareSlot, NO_ROWS } from '../../reconciler/settled.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('lag', () => {
  it('is what the log still holds behind the position, and never negative', () => {
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.nat(1_000_000),
        fc.option(fc.nat(3_000_000)),
        (start, size, position) => {
          const end = start + size;
          const positions = new Map(position === null ? [] : [[0, position]]);
          const [found] = lagOf(new Map([[0, { start, end }]]), positions);
          const waiting = Array.from({ length: 3 }, (_, i) => [start, position ?? 0, end][i]!);
          expect(found!.lag).toBe(Math.max(0, end - Math.max(waiting[0]!, waiting[1]!)));
          expect(found!.lag).toBeGreaterThanOrEqual(0);
          expect(found!.lag).toBeLessThanOrEqual(size);
          expect(found!.position).toBe(position);
        },
      ),
    );
  });

  it('of a group that never read is everything the log holds', () => {
    expect(lagOf(new Map([[3, { start: 10, end: 25 }]]), new Map())).toEqual([
      { partition: 3, end: 25, position: null, lag: 15 },
    ]);
  });
});

/** A log with gaps, and what a sink makes of it: each row says how many offsets the log skipped before it. */
const logs = fc
  .record({
    begin: fc.nat(1_000),
    gaps: fc.array(fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 9 })), {
      minLength: 1,
      maxLength: 60,
    }),
  })
  .map(({ begin, gaps }) => {
    let next = begin;
    const rows = gaps.map((skipped) => {
      const offset = next + skipped;
      next = offset + 1;
      return { offset, skipped };
    });
    return { begin, rows };
  });

type Row = { readonly offset: number; readonly skipped: number };

/** What the statement over the table answers for rows at or above `from`. */
function readRows(rows: readonly Row[], from: number) {
  const within = rows.filter(({ offset }) => offset >= from).sort((a, b) => a.offset - b.offset);
  const [first] = within;
  if (!first) return NO_ROWS;
  return {
    rows: within.length,
    skipped: within.reduce((sum, { skipped }) => sum + skipped, 0),
    skippedBefore: Math.max(0, first.skipped - (first.offset - from)),
    last: Math.max(...within.map(({ offset }) => offset)),
  };
}

describe('source and sink over settled offsets', () => {
  it('agree over any log and any beginning, whatever the log skipped', () => {
    fc.assert(
      fc.property(logs, fc.nat(200), fc.nat(100), ({ begin, rows }, above, settledRow) => {
        const from = begin + above;
        const settled = rows[settledRow % rows.length]!.offset;
        const { source, sink } = compareSlot({ from, settled }, readRows(rows, from));
        // a range that begins behind the last row holds nothing that could be missing
        if (from <= rows.at(-1)!.offset) expect(source).toBe(sink);
        else expect(sink).toBe(0);
      }),
    );
  });

  it('differ when a row is missing from the middle or, once it was settled, from the end', () => {
    fc.assert(
      fc.property(logs, fc.nat(100), ({ begin, rows }, lost) => {
        const at = lost % rows.length;
        const left = rows.filter((_, i) => i !== at);
        const settled = rows.at(-1)!.offset;
        const { source, sink } = compareSlot({ from: begin, settled }, readRows(left, begin));
        expect(source - sink).toBe(1 + rows[at]!.skipped);
      }),
    );
  });

  it('differ when a row is there twice', () => {
    fc.assert(
      fc.property(
        logs.filter(({ rows }) => rows.every(({ skipped }) => skipped === 0)),
        fc.nat(100),
        ({ begin, rows }, again) => {
          const twice = [...rows, rows[again % rows.length]!];
          const { source, sink } = compareSlot({ from: begin, settled: -1 }, readRows(twice, begin));
          expect(sink - source).toBe(1);
        },
      ),
    );
  });

  it('a table that lost everything is short of all that was settled', () => {
    expect(compareSlot({ from: 5, settled: 104 }, NO_ROWS)).toEqual({ source: 100, sink: 0 });
    expect(addUp([{ source: 100, sink: 0 }, compareSlot({ from: 0, settled: -1 }, NO_ROWS)])).toEqual({
      source: 100,
      sink: 0,
    });
  });
});

describe('closed periods', () => {
  it('are whole, over, adjacent, and a week apart', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) }),
        fc.constantFrom(...PERIODS),
        fc.nat(DAY_MS),
        (nowMs, period, settleMs) => {
          const length = period === '1h' ? HOUR_MS : DAY_MS;
          const { closed, previous, lastWeek } = periodsAt(nowMs, period, settleMs);
          for (const span of [closed, previous, lastWeek]) {
            expect(span.endMs - span.startMs).toBe(length);
            expect(span.endMs % length).toBe(0);
          }
          expect(closed.endMs).toBeLessThanOrEqual(nowMs - settleMs);
          expect(closed.endMs).toBeGreaterThan(nowMs - settleMs - length);
          expect(previous.endMs).toBe(closed.startMs);
          expect(closed.endMs - lastWeek.endMs).toBe(7 * DAY_MS);
        },
      ),
    );
  });

  it('count for something only when the pipeline was meant to run all through them', () => {
    const span = { startMs: 0, endMs: HOUR_MS };
    const counts = (canaryMinutes: number) => ({ rows: 1_000, bytes: 1, canaryMinutes });
    const watched = { canaries: true, firstRowMs: 0 };
    expect(isHistory(span, counts(60), watched)).toBe(true);
    expect(isHistory(span, counts(57), watched)).toBe(true);
    expect(isHistory(span, counts(56), watched)).toBe(false);
    // switched off for the night: no dip
    expect(isHistory(span, { rows: 0, bytes: 0, canaryMinutes: 0 }, watched)).toBe(false);
  });

  it('without canaries when the table began before them', () => {
    const span = { startMs: HOUR_MS, endMs: 2 * HOUR_MS };
    const counts = { rows: 0, bytes: 0, canaryMinutes: 0 };
    expect(isHistory(span, counts, { canaries: false, firstRowMs: HOUR_MS })).toBe(true);
    expect(isHistory(span, counts, { canaries: false, firstRowMs: HOUR_MS + 1 })).toBe(false);
    expect(isHistory(span, counts, { canaries: false, firstRowMs: null })).toBe(false);
  });
});
