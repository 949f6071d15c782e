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

function bindChoice(
  { name, choices }: QuestionParameter,
  text: string,
  { suggest }: BindContext,
): BoundValue {
  if (choices.includes(text)) return { value: text, shown: text };
  throw wrong(name, text, `none of ${choices.join(', ')}${suggest?.(text, choices) ?? ''}`);
}

const LARGEST_ID = 4_294_967_295;

function bindNumber({ name, kind, range }: QuestionParameter, text: string): BoundValue {
  const [low, high] = range?.map(Number) ?? (kind === 'id' ? [0, LARGEST_ID] : [-Infinity, Infinity]);
  const isWritten = kind === 'number' ? /^-?\d+(\.\d+)?(e\d+)?$/i : /^-?\d+$/;
  const value = Number(text);
  if (isWritten.test(text) && value >= low! && value <= high!) return { value, shown: text };
  const what = kind === 'number' ? 'a number' : 'a whole number';
  throw wrong(name, text, `not ${what} from ${low} to ${high}`);
}

function bindDay({ name, kind, range }: QuestionParameter, text: string): BoundValue {
  const day = kind === 'month' ? `${text}-01` : text;
  const format = kind === 'month' ? 'YYYY-MM' : 'YYYY-MM-DD';
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || !isRealDay(day))
    throw wrong(name, text, `not a ${kind}: write ${format}`);
  if (range && (text < range[0] || text > range[1]))
    throw wrong(name, text, `not from ${range[0]} to ${range[1]}`);
  return { value: day, shown: text };
}

function isRealDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

function bindTime({ name }: QuestionParameter, text: string, nowMs: number): BoundValue {
  const isZoned = /(Z|[+-]\d{2}:\d{2})$/.test(text);
  const ms = text === 'now' ? nowMs : Date.parse(isZoned || !text.includes('T') ? text : `${text}Z`);
  if (Number.isNaN(ms) || (text !== 'now' && !/^\d{4}-\d{2}-\d{2}/.test(text))) {
    throw wrong(name, text, 'not a time: write now or 2026-01-31T12:00:00 (UTC)');
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

function bindDuration({ name, range }: QuestionParameter, text: string): BoundValue {
  const value = toSeconds(text);
  if (Number.isNaN(value)) throw wrong(name, text, 'not a duration: write for example 15m, 1h30m or 7d');
  if (range && (value < toSeconds(range[0]) || value > toSeconds(range[1]))) {
    throw wrong(name, text, `not from ${range[0]} to ${range[1]}`);
  }
  return { value, shown: text };
}

/** `min_n` is written `--min-n`. */
export function optionName(name: string): string {
  return `--${name.replaceAll('_', '-')}`;
}

function wrong(name: string, text: string, why: string): ReelstreamError {
  return new ReelstreamError('usage', `${optionName(name)}: "${text}" is ${why}`);
}
