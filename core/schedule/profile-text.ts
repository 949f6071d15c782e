import { ReelstreamError } from '../errors.ts';

/** One piece of a profile's text, such as `ramp:1m`, and where it stands. */
export interface Piece {
  readonly text: string;
  readonly name: string;
  /** what follows the name, split at the colons */
  readonly fields: readonly string[];
  /** character of the whole text it begins with, from 1 */
  readonly position: number;
  /** how such a piece is written, for the message of a refusal */
  readonly form: string;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const NUMBER = /^\d+(?:\.\d+)?$/;
/** Longer than any run; far below where milliseconds lose their digits. */
const MAX_MS = 3_650 * 86_400_000;
export const MAX_VALUE = 1e9;

/** Always throws: what is wrong with the piece, where it stands, and what would be right. */
export function refuse(piece: Piece, problem: string): never {
  throw new ReelstreamError(
    'usage',
    `profile "${piece.text}" (character ${piece.position}): ${problem}; write ${piece.form}`,
    { details: { piece: piece.text, position: piece.position } },
  );
}

export function requireFields(piece: Piece, min: number, max: number): void {
  const { length } = piece.fields;
  if (length >= min && length <= max) return;
  const allowed = min === max ? `${min}` : `${min} to ${max}`;
  refuse(piece, `${piece.name} takes ${allowed} fields after its name, not ${length}`);
}

export function readNumber(piece: Piece, name: string, text: string, min: number, max: number): number {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  return refuse(piece, `${name} "${text}" is not a number from ${min} to ${max}`);
}

export function readWhole(piece: Piece, name: string, text: string, min: number, max: number): number {
  const value = readNumber(piece, name, text, min, max);
  return Number.isInteger(value) ? value : refuse(piece, `${name} "${text}" is not a whole number`);
}

/** @param minMs default above 0 */
export function readDuration(piece: Piece, name: string, text: string, minMs = Number.MIN_VALUE): number {
  const ms = durationMs(text);
  if (ms >= minMs && ms <= MAX_MS) return ms;
  const least = minMs === Number.MIN_VALUE ? 'above 0' : `from ${minMs} ms`;
  return refuse(piece, `${name} "${text}" is not a time ${least} (30s, 1m30s, 250ms, at most 3650d)`);
}

/** `90s`, `1m30s` -> ms; NaN for anything else. */
export function durationMs(text: string): number {
  if (!DURATION.test(text)) return Number.NaN;
  const amounts = [...text.matchAll(/([\d.]+)(ms|s|m|h|d)/g)];
  return amounts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS_MS[unit!]!, 0);
}

/** Seconds as a bare number, or a duration; NaN for anything else. */
export function secondsOrDurationMs(text: string): number {
  return NUMBER.test(text) ? Number(text) * 1_000 : durationMs(text);
}
