import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, type Fault, type FaultKind, labelOf } from '../../../producer/faults/fault.ts';
import { ALL_FAULTS, parseFaults } from '../../../producer/faults/parse-faults.ts';
import { createFaultPlan, NO_FAULTS } from '../../../producer/faults/plan.ts';

const planOf = (texts: readonly string[], seed = 3) => createFaultPlan(parseFaults(texts).specs, seed);
const userOf = (n: number) => 1 + ((n * 7_919) % 5_003);

function faultsOf(texts: readonly string[], count: number, seed = 3): (Fault | null)[] {
  const plan = planOf(texts, seed);
  return Array.from({ length: count }, (_, n) => plan.of(n, userOf(n)));
}

function numbersOf(kind: FaultKind, faults: readonly (Fault | null)[]): number[] {
  return faults.flatMap((fault, n) => (fault?.kind === kind ? [n] : []));
}

/** Far below one in a million for honest draws, whatever the number of cells. */
const limit = (cells: number) => cells + 5 * Math.sqrt(2 * cells);

function chiSquare(observed: readonly number[], expected: readonly number[]): number {
  return observed.reduce((sum, count, i) => sum + (count - expected[i]!) ** 2 / expected[i]!, 0);
}

describe('fault plan', () => {
  it('is the plan that does nothing when every share is 0', () => {
    expect(createFaultPlan([], 1)).toBe(NO_FAULTS);
    expect(planOf(['late=0:exp:1h', 'clock-skew=0%:+10m'])).toBe(NO_FAULTS);
    expect(NO_FAULTS.of(5, 1)).toBeNull();
  });

  it('answers the same in any order, again, and for some numbers only', () => {
    const texts = ['all', 'late=10%:exp:1h'];
    const inOrder = faultsOf(texts, 20_000);
    const number = fc.oneof(fc.nat(19_999), fc.constantFrom(0, 4_095, 4_096, 8_191, 8_192));
    fc.assert(
      fc.property(fc.array(number, { maxLength: 30 }), (numbers) => {
        const plan = planOf(texts);
        for (const n of numbers) expect(plan.of(n, userOf(n))).toEqual(inOrder[n]);
      }),
      { numRuns: 50 },
    );
    for (const worker of [0, 1, 2]) {
      const plan = planOf(texts);
      for (let n = worker; n < 20_000; n += 3) expect(plan.of(n, userOf(n))).toEqual(inOrder[n]);
    }
  });

  it('takes numbers as large as they come', () => {
    const plan = planOf(['late=50%:exp:1h']);
    const from = Number.MAX_SAFE_INTEGER - 4_000;
    const hits = Array.from({ length: 4_000 }, (_, i) => plan.of(from + i, 1)).filter(
      (fault) => fault !== null,
    );
    expect(hits.length).toBeGreaterThan(1_800);
    expect(hits.length).toBeLessThan(2_200);
  });

  it('hits with the share of each kind, less what earlier kinds took', () => {
    const count = 400_000;
    const texts = [
      'late=4%:exp:1h',
      'reorder=3%:1s',
      'duplicate=2%:1:1ms',
      'drop=1%',
      'domain=0.5%',
      'poison=20%',
      'key-skew=10%:0',
    ];
    const faults = faultsOf(texts, count);
    let left = count;
    const expected = parseFaults(texts).specs.map(({ rate }) => {
      const taken = left * rate;
      left -= taken;
      return taken;
    });
    const observed = FAULT_KINDS.slice(0, -1).map((kind) => numbersOf(kind, faults).length);
    expect(
      chiSquare([...observed, faults.filter((fault) => fault === null).length], [...expected, left]),
    ).toBeLessThan(limit(8));
  });

  it.each([0.001, 0.02, 0.3, 0.97])('hits independently from event to event at a share of %d', (rate) => {
    const count = 400_000;
    const numbers = numbersOf('drop', faultsOf([`drop=${rate}`], count));
    // lengths of gaps are geometric; also across the borders of blocks, where a new draw begins
    const cells = 12;
    const edges = Array.from({ length: cells }, (_, i) =>
      Math.floor(Math.log1p(-i / cells) / Math.log1p(-rate)),
    );
    const starts = [...new Set(edges)];
    const observed = new Array<number>(starts.length).fill(0);
    for (let i = 1; i < numbers.length; i++) {
      const gap = numbers[i]! - numbers[i - 1]! - 1;
      observed[starts.findLastIndex((start) => gap >= start)]! += 1;
    }
    const tail = (gap: number) => (1 - rate) ** gap;
    const shares = starts.map((start, i) => tail(start) - (i + 1 < starts.length ? tail(starts[i + 1]!) : 0));
    const expected = shares.map((share) => share * (numbers.length - 1));
    expect(chiSquare(observed, expected)).toBeLessThan(limit(starts.length));

    const byPlace = new Array<number>(64).fill(0);
    for (const n of numbers) byPlace[Math.floor((n % 4_096) / 64)]! += 1;
    const events = new Array<number>(64).fill(0);
    for (let n = 0; n < count; n++) events[Math.floor((n % 4_096) / 64)]! += 1;
    expect(
      chiSquare(
        byPlace,
        events.map((share) => share * rate),
      ),
    ).toBeLessThan(limit(64));
  });

  it('hits every event at a share of 100 %, and only the earliest kind', () => {
    const faults = faultsOf(['drop=100%', 'late=100%:fixed:1s', 'clock-skew=100%:+10m'], 10_000);
    expect(numbersOf('late', faults)).toHaveLength(10_000);
  });

  it('leaves earlier kinds as they are when a later kind is switched on', () => {
    const texts = ALL_FAULTS.slice(0, 8);
    const wanted = texts.map((text) => text.replace(/=[\d.]+%/, '=15%'));
    for (let kinds = 1; kinds < wanted.length; kinds++) {
      const fewer = faultsOf(wanted.slice(0, kinds), 10_000);
      const more = faultsOf(wanted.slice(0, kinds + 1), 10_000);
      expect(more.filter((_, n) => fewer[n] !== null)).toEqual(fewer.filter((fault) => fault !== null));
      expect(more.filter((fault) => fault !== null).length).toBeGreaterThan(
        fewer.filter((fault) => fault !== null).length,
      );
    }
  });

  it('draws a kind from its own seed where it has one, and the others from the plan', () => {
    const texts = ['late=10%:exp:1h:seed=5', 'drop=10%'];
    const [a, b] = [faultsOf(texts, 20_000, 1), faultsOf(texts, 20_000, 2)];
    expect(numbersOf('late', a)).toEqual(numbersOf('late', b));
    expect(numbersOf('drop', a)).not.toEqual(numbersOf('drop', b));
    expect(faultsOf(['late=10%:exp:1h'], 20_000, 5).map((fault) => fault?.shiftMs)).toEqual(
      a.map((fault) => (fault?.kind === 'late' ? fault.shiftMs : undefined)),
    );
  });

  it('hits kinds independently of each other', () => {
    const count = 200_000;
    const late = new Set(numbersOf('late', faultsOf(['late=20%:exp:1h'], count)));
    const drop = new Set(numbersOf('drop', faultsOf(['drop=30%'], count)));
    const cells = [0, 0, 0, 0];
    for (let n = 0; n < count; n++) cells[(late.has(n) ? 2 : 0) + (drop.has(n) ? 1 : 0)]! += 1;
    expect(
      chiSquare(
        cells,
        [0.8 * 0.7, 0.8 * 0.3, 0.2 * 0.7, 0.2 * 0.3].map((share) => share * count),
      ),
    ).toBeLessThan(limit(4));
  });
});

describe('what a fault is like', () => {
  it('puts late events back by the asked-for distribution', () => {
    const shifts = (text: string) => faultsOf([text], 50_000).map((fault) => -fault!.shiftMs);
    const tenths = (values: readonly number[], quantile: (share: number) => number) => {
      const counts = new Array<number>(10).fill(0);
      const edges = Array.from({ length: 10 }, (_, i) => quantile(i / 10));
      for (const value of values) counts[edges.findLastIndex((edge) => value >= edge)]! += 1;
      return chiSquare(counts, new Array<number>(10).fill(values.length / 10));
    };
    expect(tenths(shifts('late=100%:exp:1h'), (share) => -3_600_000 * Math.log1p(-share))).toBeLessThan(
      limit(10),
    );
    const uniform = shifts('late=100%:uniform:1m:2h');
    expect(tenths(uniform, (share) => 60_000 + share * 7_140_000)).toBeLessThan(limit(10));
    expect(uniform.every((ms) => ms >= 60_000 && ms <= 7_200_000 && Number.isInteger(ms))).toBe(true);
    expect(new Set(shifts('late=100%:fixed:90s'))).toEqual(new Set([90_000]));
  });

  it('delays reordered records by up to the window, and copies by their distance', () => {
    const delays = faultsOf(['reorder=100%:50ms'], 20_000).map((fault) => fault!.delayMs);
    const counts = Array.from({ length: 50 }, (_, i) => delays.filter((ms) => ms === i + 1).length);
    expect(chiSquare(counts, new Array<number>(50).fill(400))).toBeLessThan(limit(50));
    expect(planOf(['duplicate=100%:3:40ms']).of(0, 1)).toMatchObject({ copies: 3, delayMs: 40 });
    expect(planOf(['key-skew=100%:2']).of(0, 1)).toMatchObject({ partition: 2 });
  });

  it.each([
    ['domain=100%', 12],
    ['poison=100%', 7],
    ['poison=100%:json,empty', 2],
  ])('%s draws its %d forms evenly', (text, forms) => {
    const labels = faultsOf([text], 60_000).map((fault) => labelOf(fault!));
    const counts = [...new Set(labels)].map((label) => labels.filter((other) => other === label).length);
    expect(counts).toHaveLength(forms);
    expect(
      chiSquare(
        counts,
        counts.map(() => labels.length / forms),
      ),
    ).toBeLessThan(limit(forms));
  });

  it('skews clocks by person, not by event', () => {
    const plan = planOf(['clock-skew=5%:+10m']);
    const users = Array.from({ length: 40_000 }, (_, i) => i + 1);
    const skewed = users.filter((userId) => plan.of(0, userId) !== null);
    expect(chiSquare([skewed.length, 40_000 - skewed.length], [2_000, 38_000])).toBeLessThan(limit(2));
    for (const userId of users.slice(0, 300)) {
      const answers = [0, 5_000, 9_000_000].map((n) => plan.of(n, userId)?.kind);
      expect(new Set(answers).size).toBe(1);
    }
    expect(plan.of(0, skewed[0]!)).toEqual({
      kind: 'clock_skew',
      form: 'too_fast',
      copies: 0,
      delayMs: 0,
      shiftMs: 600_000,
      partition: null,
    });
    expect(planOf(['clock-skew=100%:+4m']).of(0, 1)).toMatchObject({ form: 'tolerated', shiftMs: 240_000 });
    expect(planOf(['clock-skew=100%:-3h']).of(0, 1)).toMatchObject({
      form: 'tolerated',
      shiftMs: -10_800_000,
    });
  });
});
