import { ReelstreamError } from '../../core/errors.ts';

/**
 * The pieces between the colons of one spec, read from left to right. What is missing or wrong throws ReelstreamError
 * `usage` with the piece and what may stand in its place; `what` says what is read.
 */
export interface SpecWords {
  /** true when another piece is left */
  more(): boolean;
  word<const T extends string>(what: string, allowed: readonly T[]): T;
  /** without repetitions */
  words<const T extends string>(what: string, allowed: readonly T[]): readonly T[];
  /** `1%` or `0.01` -> 0.01 */
  share(what: string): number;
  whole(what: string, min: number, max: number): number;
  /** `1h30m`, `500ms` -> ms */
  duration(what: string, minMs: number, maxMs: number): number;
  /** `+10m`, `-2h` -> ms */
  signedDuration(what: string, maxMs: number): number;
  /** the piece that was read last is not what is allowed there */
  refuse(allowed: string): never;
}

export function createSpecWords(spec: string, pieces: readonly string[]): SpecWords {
  let next = 0;
  const take = (allowed: string): string => {
    const piece = pieces[next];
    if (piece === undefined) throw new ReelstreamError('usage', `--fault ${spec}: missing ${allowed}`);
    next += 1;
    return piece;
  };
  const refuse = (allowed: string): never => refuseFault(spec, pieces[next - 1]!, allowed);
  const number = (parse: (piece: string) => number | null, min: number, max: number, allowed: string) => {
    const value = parse(take(allowed));
    return value !== null && value >= min && value <= max ? value : refuse(allowed);
  };

  return {
    refuse,
    more: () => next < pieces.length,
    word(what, known) {
      const allowed = `${what}: one of ${known.join(', ')}`;
      const piece = take(allowed);
      return known.find((word) => word === piece) ?? refuse(allowed);
    },
    words(what, known) {
      const allowed = `${what}, separated by commas: ${known.join(', ')}`;
      const pieces = take(allowed).split(',');
      return [...new Set(pieces.map((piece) => known.find((word) => word === piece) ?? refuse(allowed)))];
    },
    share: (what) => number(parseShare, 0, 1, `${what}: a share from 0% to 100%, as 1% or 0.01`),
    whole: (what, min, max) => number(parseWhole, min, max, `${what}: a whole number from ${min} to ${max}`),
    duration(what, minMs, maxMs) {
      const range = `from ${durationText(minMs)} to ${durationText(maxMs)}`;
      return number(parseDurationMs, minMs, maxMs, `${what}: a time ${range}, as 500ms, 1m30s or 2h`);
    },
    signedDuration(what, maxMs) {
      const range = `of at most ${durationText(maxMs)}`;
      return number(parseSigned, -maxMs, maxMs, `${what}: a time with its sign, as +10m or -2h, ${range}`);
    },
  };
}

/** @throws ReelstreamError `usage` */
export function refuseFault(spec: string, piece: string, allowed: string): never {
  throw new ReelstreamError('usage', `--fault ${spec}: "${piece}" is not ${allowed}`);
}

function parseWhole(text: string): number | null {
  return /^\d{1,16}$/.test(text) ? Number(text) : null;
}

function parseShare(text: string): number | null {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  if (digits === undefined) return null;
  return percent === '%' ? Number(digits) / 100 : Number(digits);
}

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
type Unit = keyof typeof UNITS_MS;

/** Whole milliseconds; null for anything that is no duration. */
function parseDurationMs(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return null;
  const amounts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  const totalMs = amounts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS_MS[unit as Unit], 0);
  return Math.round(totalMs);
}

function parseSigned(text: string): number | null {
  const sizeMs = /^[+-]/.test(text) ? parseDurationMs(text.slice(1)) : null;
  if (sizeMs === null) return null;
  return text.startsWith('-') ? -sizeMs : sizeMs;
}

/** In the largest unit that needs no fraction. */
function durationText(ms: number): string {
  const [unit, sizeMs] = Object.entries(UNITS_MS).find(([, size]) => ms >= size && ms % size === 0) ?? [
    'ms',
    1,
  ];
  return `${ms / sizeMs}${unit}`;
}
