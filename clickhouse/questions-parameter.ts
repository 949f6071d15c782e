/**
 * What a person writes, and the SQL type it arrives as:
 *
 *   integer   42                    UInt8 … UInt64, Int32, Int64
 *   number    0.5                   Float64
 *   choice    one of a closed list  String
 *   year      1994                  UInt16
 *   month     2017-01               Date32, its first day
 *   date      2017-01-31            Date or Date32
 *   time      2017-01-31T12:00, now DateTime, DateTime64(3): UTC; now = when it is asked
 *   duration  15m, 1h, 7d           UInt32, seconds
 *   genre     Drama, or its id      Array(UInt32), ids; all = empty
 *   company   a name, or its id     Array(UInt32), ids; all = empty
 *   id        318                   UInt32
 */
export type ParameterKind =
  | 'integer'
  | 'number'
  | 'choice'
  | 'year'
  | 'month'
  | 'date'
  | 'time'
  | 'duration'
  | 'genre'
  | 'company'
  | 'id';

export const PARAMETER_TYPES: Readonly<Record<ParameterKind, readonly string[]>> = {
  integer: ['UInt8', 'UInt16', 'UInt32', 'UInt64', 'Int32', 'Int64'],
  number: ['Float64'],
  choice: ['String'],
  year: ['UInt16'],
  month: ['Date32'],
  date: ['Date', 'Date32'],
  time: ["DateTime('UTC')", 'DateTime', "DateTime64(3, 'UTC')", 'DateTime64(3)'],
  duration: ['UInt32'],
  genre: ['Array(UInt32)'],
  company: ['Array(UInt32)'],
  id: ['UInt32'],
};

export interface QuestionParameter {
  readonly name: string;
  readonly kind: ParameterKind;
  /** as a person would write it; null = must be given */
  readonly defaultText: string | null;
  /** of numbers, years, months and dates, as written; null = none */
  readonly range: readonly [low: string, high: string] | null;
  /** of a choice, else empty */
  readonly choices: readonly string[];
  readonly text: string;
}

const SUBJECT = /^([a-z][a-z0-9_]*) ([a-z]+)(?: = (\S+))?(?: \(([^)]+)\))?$/;

/** `min_n integer = 3 (1..1000)` and its explanation; null and a fault when it is none. */
export function parseParameter(subject: string, text: string, faults: string[]): QuestionParameter | null {
  const found = SUBJECT.exec(subject);
  const kind = found?.[2] ?? '';
  if (!found || !Object.hasOwn(PARAMETER_TYPES, kind)) {
    faults.push(`not a parameter: ${subject}`);
    return null;
  }
  const [, name, , defaultText = null, limits = ''] = found;
  const range = /^(\S+)\.\.(\S+)$/.exec(limits);
  const choices = kind === 'choice' ? limits.split('|') : [];
  if (kind === 'choice' && (choices.length < 2 || (defaultText !== null && !choices.includes(defaultText)))) {
    faults.push(`parameter ${name}: a choice lists what it may be, its default among them`);
  }
  if (kind !== 'choice' && limits !== '' && !range)
    faults.push(`parameter ${name}: "${limits}" is not a range a..b`);
  return {
    name: name!,
    kind: kind as ParameterKind,
    defaultText,
    range: range ? [range[1]!, range[2]!] : null,
    choices,
    text,
  };
}
