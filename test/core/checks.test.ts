import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CHECK_OPERATORS,
  type Check,
  type CheckOperator,
  type CheckOutcome,
  checkFault,
  judgeCheck,
  measuresOf,
} from '../../core/checks.ts';

const check = (given: Partial<Check> = {}): Check => ({
  name: 'rows',
  left: 'table:movies',
  operator: '>=',
  right: 'yesterday:movies',
  factor: 1,
  minimum: 0,
  severity: 'ticket',
  ...given,
});
const judge = (given: Partial<Check>, left: number | null, right: number | null) =>
  judgeCheck(
    check(given),
    new Map([
      ['table:movies', left],
      ['yesterday:movies', right],
    ]),
  );
const outcome = (operator: CheckOperator, left: number, right: number, factor = 1) =>
  judge({ operator, factor }, left, right).outcome;

describe('operators', () => {
  it.each<[CheckOperator, number, number, number, CheckOutcome]>([
    ['>', 11, 10, 1, 'passed'],
    ['>', 10, 10, 1, 'failed'],
    ['<', 9, 10, 1, 'passed'],
    ['<', 10, 10, 1, 'failed'],
    ['>=', 10, 10, 1, 'passed'],
    ['>=', 9, 10, 1, 'failed'],
    ['>=', 0, 0, 1, 'passed'],
    ['<=', 10, 10, 1, 'passed'],
    ['<=', 11, 10, 1, 'failed'],
    ['==', 10, 10, 1, 'passed'],
    ['==', 9, 10, 1, 'failed'],
    ['==', 20, 10, 2, 'passed'],
    ['!=', 9, 10, 1, 'passed'],
    ['!=', 10, 10, 1, 'failed'],
    ['ge_ratio', 70, 100, 0.7, 'passed'],
    ['ge_ratio', 69, 100, 0.7, 'failed'],
    ['ge_ratio', 5, 0, 0.7, 'skipped'],
    ['within_ratio', 95, 100, 0.05, 'passed'],
    ['within_ratio', 105, 100, 0.05, 'passed'],
    ['within_ratio', 94, 100, 0.05, 'failed'],
    ['within_ratio', 106, 100, 0.05, 'failed'],
    ['within_ratio', 0, 0, 0.05, 'skipped'],
    ['nonzero', 1, 0, 1, 'passed'],
    ['nonzero', 0, 5, 1, 'failed'],
  ])('%s of %d and %d by %d: %s', (operator, left, right, factor, expected) => {
    expect(outcome(operator, left, right, factor)).toBe(expected);
  });

  const counts = fc.integer({ min: 0, max: 1e9 });
  const factors = fc.double({ min: 0, max: 10, noNaN: true });

  it('come in pairs that never agree', () => {
    fc.assert(
      fc.property(counts, counts, factors, (left, right, factor) => {
        const holds = (operator: CheckOperator) => outcome(operator, left, right, factor) === 'passed';
        expect(holds('>')).toBe(!holds('<='));
        expect(holds('<')).toBe(!holds('>='));
        expect(holds('==')).toBe(!holds('!='));
        expect(holds('>=')).toBe(holds('>') || holds('=='));
      }),
    );
  });

  it('ge_ratio never turns red because more arrived', () => {
    fc.assert(
      fc.property(counts, counts, counts, factors, (left, more, right, factor) => {
        if (outcome('ge_ratio', left, right, factor) !== 'passed') return;
        expect(outcome('ge_ratio', left + more, right, factor)).toBe('passed');
      }),
    );
  });

  it('within_ratio looks both ways alike, and a wider ratio passes whatever a narrower did', () => {
    fc.assert(
      fc.property(counts, counts, factors, factors, (right, off, factor, wider) => {
        const above = outcome('within_ratio', right + off, right, factor);
        expect(outcome('within_ratio', right - off, right, factor)).toBe(above);
        if (above === 'passed')
          expect(outcome('within_ratio', right + off, right, factor + wider)).toBe('passed');
      }),
    );
  });
});

describe('a verdict', () => {
  it('carries value, expectation and a sentence', () => {
    expect(judge({ operator: 'ge_ratio', factor: 0.7 }, 2, 3)).toEqual({
      outcome: 'failed',
      value: 2,
      expectation: 3 * 0.7,
      reason: 'table:movies is 2; expected >= 0.7 x yesterday:movies (3)',
    });
    expect(judge({ operator: 'within_ratio', factor: 0.05 }, 90, 100)).toMatchObject({
      expectation: 100,
      reason: 'table:movies is 90; expected yesterday:movies (100) within 5 %',
    });
    expect(judge({ operator: '>', right: '10' }, 3, null)).toMatchObject({
      outcome: 'failed',
      reason: 'table:movies is 3; expected > 10',
    });
  });

  it('is skipped without history and below the minimum, and says which', () => {
    expect(judge({}, 5, null)).toEqual({
      outcome: 'skipped',
      value: 5,
      expectation: null,
      reason: 'yesterday:movies has no value yet',
    });
    expect(judge({ minimum: 100 }, 0, 99)).toMatchObject({
      outcome: 'skipped',
      expectation: 99,
      reason: 'yesterday:movies is 99, below the minimum of 100',
    });
    expect(judge({ minimum: 100 }, 0, 100).outcome).toBe('failed');
  });

  it('fails when what is watched has no value', () => {
    for (const operator of CHECK_OPERATORS) {
      for (const missing of [null, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(judge({ operator }, missing, 5)).toMatchObject({ outcome: 'failed', value: null });
      }
      expect(judgeCheck(check({ operator }), new Map()).outcome).toBe('failed');
    }
  });

  it('is always reached, with finite figures or none', () => {
    const anyNumber = fc.option(fc.oneof(fc.double(), fc.integer()), { nil: null });
    fc.assert(
      fc.property(
        fc.constantFrom(...CHECK_OPERATORS),
        anyNumber,
        anyNumber,
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (operator, left, right, factor, minimum) => {
          const { value, expectation, reason } = judge({ operator, factor, minimum }, left, right);
          expect(value === null || Number.isFinite(value)).toBe(true);
          expect(Number.isNaN(expectation ?? 0)).toBe(false);
          expect(reason).not.toBe('');
        },
      ),
    );
  });
});

it('names the measures it needs, each once and no constants', () => {
  const checks = [
    check(),
    check({ right: 'source:movies' }),
    check({ operator: 'nonzero', right: '' }),
    check({ left: 'rows', right: '10.5' }),
  ];
  expect(measuresOf(checks)).toEqual(['table:movies', 'yesterday:movies', 'source:movies', 'rows']);
});

it('says what is wrong with a check from outside', () => {
  expect(checkFault(check())).toBeNull();
  expect(checkFault(check({ operator: 'nonzero', right: '' }))).toBeNull();
  const wrong: [Partial<Check>, RegExp][] = [
    [{ name: '' }, /name/],
    [{ left: '' }, /left/],
    [{ operator: '=~' as CheckOperator }, /"=~" is no operator/],
    [{ right: '' }, /right side/],
    [{ factor: -1 }, /factor/],
    [{ factor: Number.NaN }, /factor/],
    [{ minimum: Number.NaN }, /minimum/],
    [{ severity: 'shout' as 'page' }, /"shout" is no severity/],
  ];
  for (const [given, message] of wrong) expect(checkFault(check(given))).toMatch(message);
});
