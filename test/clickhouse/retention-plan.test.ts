import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstKeptMonth, planRetention, type RawMonth } from '../../clickhouse/retention-plan.ts';

const month = (number: number, first: number, last: number): RawMonth => ({
  month: number,
  rows: last - first + 1,
  first,
  last,
});
const plan = (months: readonly RawMonth[], beforeMonth = 202603, keepOffsets = 10) => {
  const { pieces, kept } = planRetention(months, { beforeMonth, keepOffsets });
  return {
    pieces: pieces.map((piece) => piece.map((one) => one.month)),
    kept: kept.map((one) => [one.month, one.reason]),
  };
};

describe('what retention may seal', () => {
  it('is every old month, the oldest first, one by one', () => {
    const months = [month(202601, 0, 99), month(202602, 100, 199), month(202603, 200, 299)];
    expect(plan(months)).toEqual({ pieces: [[202601], [202602]], kept: [] });
    expect(plan([])).toEqual({ pieces: [], kept: [] });
  });

  it('is never among the newest offsets, and nothing behind them', () => {
    expect(plan([month(202601, 0, 99), month(202602, 100, 115)])).toEqual({
      pieces: [[202601]],
      kept: [[202602, 'recent']],
    });
    expect(plan([month(202601, 0, 95), month(202602, 96, 105)], 202603, 11)).toEqual({
      pieces: [],
      kept: [
        [202601, 'recent'],
        [202602, 'behind'],
      ],
    });
  });

  it('is a whole piece where months share offsets, or nothing of it', () => {
    const alternating = [month(202601, 0, 99), month(202602, 50, 199), month(202603, 200, 299)];
    expect(plan(alternating)).toEqual({ pieces: [[202601, 202602]], kept: [] });
    expect(plan(alternating, 202602)).toEqual({ pieces: [], kept: [[202601, 'overlap']] });
  });

  it('is nothing behind a month that stays', () => {
    const backwards = [month(202601, 0, 99), month(202604, 100, 199), month(202602, 200, 299)];
    expect(plan([...backwards, month(202605, 300, 399)])).toEqual({
      pieces: [[202601]],
      kept: [[202602, 'behind']],
    });
  });

  it('is always old, an unbroken piece from the oldest offset on, and clear of the newest ones', () => {
    const months = fc
      .array(
        fc.record({
          month: fc.integer({ min: 202601, max: 202608 }),
          first: fc.nat(500),
          length: fc.integer({ min: 1, max: 120 }),
        }),
        { maxLength: 8 },
      )
      .map((all) => [...new Map(all.map((one) => [one.month, one])).values()])
      .map((all) => all.map((one) => month(one.month, one.first, one.first + one.length)));
    fc.assert(
      fc.property(
        months,
        fc.integer({ min: 202601, max: 202609 }),
        fc.nat(200),
        (raw, beforeMonth, keepOffsets) => {
          const { pieces, kept } = planRetention(raw, { beforeMonth, keepOffsets });
          const sealed = pieces.flat();
          const stays = raw.filter((one) => !sealed.includes(one));
          const position = Math.max(-1, ...raw.map(({ last }) => last));
          const sealedTo = Math.max(-1, ...sealed.map(({ last }) => last));
          expect(sealed.every((one) => one.month < beforeMonth)).toBe(true);
          expect(sealedTo).toBeLessThanOrEqual(Math.max(-1, position - keepOffsets));
          expect(stays.every(({ first }) => first > sealedTo)).toBe(true);
          expect(kept.map((one) => one.month).sort()).toEqual(
            stays
              .map((one) => one.month)
              .filter((one) => one < beforeMonth)
              .sort(),
          );
        },
      ),
    );
  });
});

describe('months that stay', () => {
  it.each([
    [1, 202607],
    [3, 202605],
    [7, 202601],
    [8, 202512],
    [25, 202407],
  ])('%i of them, in July 2026, begin with %i', (keepMonths, first) => {
    expect(firstKeptMonth(Date.UTC(2026, 6, 31, 23, 59), keepMonths)).toBe(first);
  });
});
