/**
 * Row-count checks as data: one number held against another. The comparison is a word and not code, so that a table, a file
 * or a person may choose it.
 *
 * `>` `<` `>=` `<=` `==` `!=` compare left with right times factor. `ge_ratio`: left is at least factor times right; a right
 * side of 0 has no ratio and is skipped. `within_ratio`: left lies within factor times right of right, on either side.
 * `nonzero`: left is not 0; there is no right side.
 */
export const CHECK_OPERATORS = [
  '>',
  '<',
  '>=',
  '<=',
  '==',
  '!=',
  'ge_ratio',
  'within_ratio',
  'nonzero',
] as const;
export type CheckOperator = (typeof CHECK_OPERATORS)[number];

export const CHECK_SEVERITIES = ['ticket', 'page'] as const;
export type CheckSeverity = (typeof CHECK_SEVERITIES)[number];

export interface Check {
  readonly name: string;
  /** name of the measure that is watched: `table:movies` */
  readonly left: string;
  readonly operator: CheckOperator;
  /** name of the measure it is held against, or a plain number; '' for `nonzero` */
  readonly right: string;
  readonly factor: number;
  /** a right side below this is too small to say anything: the check is skipped */
  readonly minimum: number;
  readonly severity: CheckSeverity;
}

export type CheckOutcome = 'passed' | 'failed' | 'skipped';

export interface CheckVerdict {
  readonly outcome: CheckOutcome;
  /** the left side; null = it could not be measured */
  readonly value: number | null;
  /** what the left side is compared with: right times factor, for `within_ratio` right itself; null = nothing to compare with */
  readonly expectation: number | null;
  /** one sentence for whoever is told */
  readonly reason: string;
}

/** Measures by name; null = there is no such history. */
export type Measures = ReadonlyMap<string, number | null>;

/**
 * Total. What is watched must be there: a left side without a value fails. What it is compared with may be missing (the first
 * day, a quiet hour): then the check is skipped and says why.
 */
export function judgeCheck(check: Check, measures: Measures): CheckVerdict {
  const value = finite(measures.get(check.left));
  if (value === null) return verdict('failed', null, null, `${check.left} has no value`);
  if (check.operator === 'nonzero') {
    return verdict(value === 0 ? 'failed' : 'passed', value, null, `${check.left} is ${show(value)}`);
  }
  const right = rightSide(check, measures);
  if (right === null) return verdict('skipped', value, null, `${check.right} has no value yet`);
  if (right < check.minimum) {
    const reason = `${check.right} is ${show(right)}, below the minimum of ${show(check.minimum)}`;
    return verdict('skipped', value, right, reason);
  }
  if (isRatio(check.operator) && right === 0) {
    return verdict('skipped', value, right, `${check.right} is 0: there is no ratio`);
  }
  const holds = compare(check, value, right);
  const expectation = check.operator === 'within_ratio' ? right : right * check.factor;
  return verdict(holds ? 'passed' : 'failed', value, expectation, sentence(check, value, right));
}

/** Names of the measures that these checks need, each once, in order of appearance. */
export function measuresOf(checks: readonly Check[]): string[] {
  const named = checks.flatMap(({ left, operator, right }) =>
    operator === 'nonzero' || constant(right) !== null ? [left] : [left, right],
  );
  return [...new Set(named)];
}

/** @returns what is wrong with a check that came from outside, null when nothing is */
export function checkFault(check: Check): string | null {
  const { name, left, operator, right, factor, minimum, severity } = check;
  if (name === '') return 'a check needs a name';
  if (left === '') return `${name}: the left side names no measure`;
  if (!CHECK_OPERATORS.includes(operator)) {
    return `${name}: "${operator}" is no operator; there are ${CHECK_OPERATORS.join(' ')}`;
  }
  if (operator !== 'nonzero' && right === '') return `${name}: ${operator} needs a right side`;
  if (!Number.isFinite(factor) || factor < 0) return `${name}: the factor must be 0 or more`;
  if (!Number.isFinite(minimum)) return `${name}: the minimum must be a number`;
  if (!CHECK_SEVERITIES.includes(severity)) {
    return `${name}: "${severity}" is no severity; there are ${CHECK_SEVERITIES.join(' and ')}`;
  }
  return null;
}

function compare({ operator, factor }: Check, left: number, right: number): boolean {
  const expected = right * factor;
  switch (operator) {
    case '>':
      return left > expected;
    case '<':
      return left < expected;
    case '>=':
    case 'ge_ratio':
      return left >= expected;
    case '<=':
      return left <= expected;
    case '==':
      return left === expected;
    case '!=':
      return left !== expected;
    case 'within_ratio':
      return Math.abs(left - right) <= Math.abs(expected);
    case 'nonzero':
      return left !== 0;
  }
}

function sentence({ left, operator, right, factor }: Check, value: number, base: number): string {
  const is = `${left} is ${show(value)}`;
  const than = constant(right) === null ? `${right} (${show(base)})` : show(base);
  const times = factor === 1 ? than : `${show(factor)} x ${than}`;
  if (operator === 'within_ratio') return `${is}; expected ${than} within ${show(factor * 100)} %`;
  return `${is}; expected ${operator === 'ge_ratio' ? '>=' : operator} ${times}`;
}

function rightSide({ right }: Check, measures: Measures): number | null {
  return constant(right) ?? finite(measures.get(right));
}

function constant(text: string): number | null {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

function finite(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && Number.isFinite(value) ? value : null;
}

const isRatio = (operator: CheckOperator) => operator === 'ge_ratio' || operator === 'within_ratio';

function verdict(
  outcome: CheckOutcome,
  value: number | null,
  expectation: number | null,
  reason: string,
): CheckVerdict {
  return { outcome, value, expectation, reason };
}

/** At most four decimals: 0.7 x 3 is not 2.0999999999999996 to a reader. */
function show(value: number): string {
  return String(Math.round(value * 1e4) / 1e4);
}
