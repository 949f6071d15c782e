import { ReelstreamError } from '../core/errors.ts';
import type { QuestionParameter } from './questions-parameter.ts';

/** A parameter's value: as it travels to ClickHouse, and as a title shows it. */
export interface BoundValue {
  readonly value: string | number | readonly number[];
  readonly shown: string;
}

export interface BindContext {
  readonly nowMs: number;
  /** ids of names given for genres and companies; the reader of names is whoever has a connection */
  readonly ids?: readonly number[];
  /** `, did you mean …?` or nothing */
  readonly suggest?: (given: string, known: readonly string[]) => string;
}

/** Text of a person -> value. @throws ReelstreamError `usage` that names the parameter, what was given and what may be */
export function bindParameter(parameter: QuestionParameter, text: string, context: BindContext): BoundValue {
  const { kind } = parameter;
  if (kind === 'genre' || kind === 'company') return { value: context.ids ?? [], shown: text };
  if (kind === 'choice') return bindChoice(parameter, text, context);
  if (kind === 'month' || kind === 'date') return bindDay(parameter, text);
  if (kind === 'time') return bindTime(parameter, text, context.nowMs);
  if (kind === 'duration') return bindDuration(parameter, text);
  return bindNumber(parameter, text);
}

function bindChoice(parameter: QuestionParameter, text: string, { suggest }: BindContext): BoundValue {
  const { choices } = parameter;
  if (choices.includes(text)) return { value: text, shown: text };
  throw wrong(parameter, text, `none of ${choices.join(', ')}${suggest?.(text, choices) ?? ''}`);
}

const LARGEST_ID = 4_294_967_295;

function bindNumber(parameter: QuestionParameter, text: string): BoundValue {
  const { kind, range } = parameter;
  const [low, high] = range?.map(Number) ?? (kind === 'id' ? [0, LARGEST_ID] : [-Infinity, Infinity]);
  const isWritten = kind === 'number' ? /^-?\d+(\.\d+)?(e\d+)?$/i : /^-?\d+$/;
  const value = Number(text);
  if (isWritten.test(text) && value >= low! && value <= high!) return { value, shown: text };
  const what = kind === 'number' ? 'a number' : 'a whole number';
  throw wrong(parameter, text, `not ${what} from ${low} to ${high}`);
}

function bindDay(parameter: QuestionParameter, text: string): BoundValue {
  const { kind, range } = parameter;
  const day = kind === 'month' ? `${text}-01` : text;
  const format = kind === 'month' ? 'YYYY-MM' : 'YYYY-MM-DD';
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || !isRealDay(day))
    throw wrong(parameter, text, `not a ${kind}: write ${format}`);
  if (range && (text < range[0] || text > range[1]))
    throw wrong(parameter, text, `not from ${range[0]} to ${range[1]}`);
  return { value: day, shown: text };
}

function isRealDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/** Without a zone it is UTC, wherever the machine stands. */
const TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?$/;
/** What a DateTime column holds. */
const LAST_DATETIME_MS = 4_294_967_295_000;

function bindTime(parameter: QuestionParameter, text: string, nowMs: number): BoundValue {
  const [, day = '', time = '00:00', zone = 'Z'] = TIME.exec(text) ?? [];
  const ms = text === 'now' ? nowMs : isRealDay(day) ? Date.parse(`${day}T${time}${zone}`) : Number.NaN;
  if (!(ms >= 0 && ms <= LAST_DATETIME_MS)) {
    throw wrong(parameter, text, 'not a time from 1970 on: write now or 2026-01-31T12:00:00 (UTC)');
  }
  const value = new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
  return { value, shown: `${value} UTC` };
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function toSeconds(text: string): number {
  if (!/^(\d+[smhd])+$/.test(text)) return Number.NaN;
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * SECONDS[unit!]!,
    0,
  );
}

function bindDuration(parameter: QuestionParameter, text: string): BoundValue {
  const { range } = parameter;
  const value = toSeconds(text);
  if (Number.isNaN(value)) throw wrong(parameter, text, 'not a duration: write for example 15m, 1h30m or 7d');
  if (range && (value < toSeconds(range[0]) || value > toSeconds(range[1]))) {
    throw wrong(parameter, text, `not from ${range[0]} to ${range[1]}`);
  }
  return { value, shown: text };
}

/** `min_n` is written `--min-n`. */
export function optionName(name: string): string {
  return `--${name.replaceAll('_', '-')}`;
}

/** As a person writes it: an option, or a word without one. */
export function writtenName({ name, defaultText }: QuestionParameter): string {
  return defaultText === null ? `<${name}>` : optionName(name);
}

function wrong(parameter: QuestionParameter, text: string, why: string): ReelstreamError {
  return new ReelstreamError('usage', `${writtenName(parameter)}: "${text}" is ${why}`);
}
