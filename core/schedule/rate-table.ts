import { ReelstreamError } from '../errors.ts';
import type { Point } from './curve.ts';
import type { ValueUnit } from './profile.ts';
import { MAX_VALUE, secondsOrDurationMs } from './profile-text.ts';

export interface RateTable {
  readonly unit: ValueUnit;
  readonly points: readonly Point[];
}

const UNIT_OF_COLUMN: Readonly<Record<string, ValueUnit>> = { rate: 'rate', factor: 'factor' };

/**
 * Reads `t,rate` (events per second) or `t,factor` rows; without a header they are rates. `t` is in seconds, or a
 * duration such as 1m30s. Two rows at one time are a jump.
 * @param name of the file, for the message
 * @throws ReelstreamError `usage` with the line of the first row that is wrong
 */
export function parseRateTable(name: string, text: string): RateTable {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const header = /^t,(rate|factor)$/.exec(lines[0]!.replaceAll(' ', ''));
  const points: Point[] = [];
  lines.forEach((line, at) => {
    if ((at === 0 && header) || line.trim() === '') return;
    const point = parseRow(line);
    const last = points.at(-1);
    if (!point) refuseLine(name, at, `"${line.slice(0, 80)}" is not t,rate with both from 0`);
    if (last && point.ms < last.ms) refuseLine(name, at, 'the time is before that of the row above');
    points.push(point);
  });
  if (!points.some(({ value }) => value > 0)) {
    throw new ReelstreamError('usage', `${name} has no row t,rate with a rate above 0`);
  }
  return { unit: UNIT_OF_COLUMN[header?.[1] ?? 'rate']!, points };
}

function parseRow(line: string): Point | null {
  const fields = line.split(',').map((field) => field.trim());
  const ms = secondsOrDurationMs(fields[0]!);
  const value = /^\d/.test(fields[1] ?? '') ? Number(fields[1]) : Number.NaN;
  return fields.length === 2 && ms >= 0 && value >= 0 && value <= MAX_VALUE ? { ms, value } : null;
}

function refuseLine(name: string, at: number, problem: string): never {
  throw new ReelstreamError('usage', `${name}:${at + 1}: ${problem}`, {
    details: { file: name, line: at + 1 },
  });
}
