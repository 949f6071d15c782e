import { MOVIELENS_RATINGS_BY_HOUR, meanOne } from './movielens-day.ts';
import { multiplyProfiles, type Profile, type Pulse, type Shape } from './profile.ts';
import {
  MAX_VALUE,
  type Piece,
  readDuration,
  readNumber,
  readWhole,
  refuse,
  requireFields,
  secondsOrDurationMs,
} from './profile-text.ts';
import { parseRateTable } from './rate-table.ts';

export interface ParseOptions {
  /** reads the file a `csv:<file>` names; without it csv is refused */
  readonly readText?: (path: string) => string;
}

interface Reader {
  readonly form: string;
  readonly read: (piece: Piece, options: ParseOptions) => Shape;
}

const DAY_MS = 86_400_000;

const READERS: Readonly<Record<Shape['kind'], Reader>> = {
  constant: { form: 'constant', read: readConstant },
  ramp: { form: 'ramp:<time> or ramp:<time>:<from factor>:<to factor>', read: readRamp },
  steps: {
    form: 'steps:30s@50,1m@200 (events/s) or steps:30s@0.5x,1m@2x (factors), with ,repeat',
    read: readSteps,
  },
  sine: { form: 'sine:<period>:<amplitude 0 to 1>', read: readSine },
  diurnal: {
    form: 'diurnal, diurnal:<period> or diurnal:<period>:<24 weights with commas>',
    read: readDiurnal,
  },
  burst: { form: 'burst:<peak factor>:<every, or @at>:<for>', read: readPulse },
  dip: { form: 'dip:<factor 0 to 1>:<every, or @at>:<for>', read: readPulse },
  csv: { form: 'csv:<file with t,rate or t,factor rows>', read: readCsv },
  replay: { form: 'replay or replay:<speed>', read: readReplay },
  batch: { form: 'batch:<records>[+-<jitter>]/<interval>[+-<jitter>]', read: readBatch },
};

/**
 * Reads a profile as written on the command line: pieces multiplied by `*`, as in `diurnal*dip:0.2:10m:1m`.
 * @throws ReelstreamError `usage` naming the piece, the character it begins with and how it is written
 */
export function parseProfile(text: string, options: ParseOptions = {}): Profile {
  let position = 1;
  const shapes = text.split('*').map((written) => {
    const piece = pieceAt(written, position);
    position += written.length + 1;
    return READERS[piece.name as Shape['kind']].read(piece, options);
  });
  return multiplyProfiles(shapes);
}

function pieceAt(written: string, from: number): Piece {
  const text = written.trim();
  const position = from + written.length - written.trimStart().length;
  const [name = '', ...fields] = text.split(':');
  const reader = Object.hasOwn(READERS, name) ? READERS[name as Shape['kind']] : undefined;
  const piece = { text, name, fields, position, form: reader?.form ?? Object.keys(READERS).join(', ') };
  return reader ? piece : refuse(piece, text === '' ? 'a piece is missing' : `"${name}" is no profile`);
}

function readConstant(piece: Piece): Shape {
  requireFields(piece, 0, 0);
  return { kind: 'constant' };
}

function readRamp(piece: Piece): Shape {
  const [time = '', from = '0', to = '1'] = piece.fields;
  if (piece.fields.length !== 1) requireFields(piece, 3, 3);
  const shape = {
    durationMs: readDuration(piece, 'time', time),
    from: readNumber(piece, 'from', from, 0, MAX_VALUE),
    to: readNumber(piece, 'to', to, 0, MAX_VALUE),
  };
  if (shape.from + shape.to === 0) refuse(piece, 'from and to are both 0');
  return { kind: 'ramp', ...shape };
}

function readSteps(piece: Piece): Shape {
  requireFields(piece, 1, 1);
  const items = piece.fields[0]!.split(',').map((item) => item.trim());
  const repeat = items.at(-1) === 'repeat';
  const written = repeat ? items.slice(0, -1) : items;
  const factors = written.filter((item) => item.endsWith('x')).length;
  if (factors > 0 && factors < written.length) refuse(piece, 'rates and factors (0.5x) are mixed');
  const steps = written.map((item) => readStep(piece, item));
  if (!steps.some(({ value }) => value > 0)) refuse(piece, 'no step is above 0');
  return { kind: 'steps', unit: factors > 0 ? 'factor' : 'rate', steps, repeat };
}

function readStep(piece: Piece, item: string): { durationMs: number; value: number } {
  const [time = '', value, ...more] = item.split('@');
  if (value === undefined || more.length > 0) return refuse(piece, `"${item}" is not <time>@<rate>`);
  return {
    durationMs: readDuration(piece, 'time', time),
    value: readNumber(piece, 'rate', value.replace(/x$/, ''), 0, MAX_VALUE),
  };
}

function readSine(piece: Piece): Shape {
  requireFields(piece, 2, 2);
  return {
    kind: 'sine',
    periodMs: readDuration(piece, 'period', piece.fields[0]!),
    amplitude: readNumber(piece, 'amplitude', piece.fields[1]!, 0, 1),
  };
}

function readDiurnal(piece: Piece): Shape {
  requireFields(piece, 0, 2);
  const [period, list] = piece.fields;
  const weights = list
    ? list.split(',').map((weight) => readNumber(piece, 'weight', weight.trim(), 0, MAX_VALUE))
    : MOVIELENS_RATINGS_BY_HOUR;
  if (weights.length !== 24) refuse(piece, `there are ${weights.length} weights, not 24`);
  if (!weights.some((weight) => weight > 0)) refuse(piece, 'no weight is above 0');
  const periodMs = period === undefined ? DAY_MS : readDuration(piece, 'period', period);
  return { kind: 'diurnal', periodMs, weights: meanOne(weights) };
}

function readPulse(piece: Piece): Shape {
  requireFields(piece, 3, 3);
  const [factor = '', when = '', time = ''] = piece.fields;
  const kind = piece.name as Pulse['kind'];
  const [min, max] = kind === 'burst' ? [1, MAX_VALUE] : [0, 1];
  const forMs = readDuration(piece, 'for', time);
  const shape = { kind, factor: readNumber(piece, 'factor', factor, min, max), forMs };
  if (when.startsWith('@')) return { ...shape, when: { atMs: readDuration(piece, 'at', when.slice(1), 0) } };
  const everyMs = readDuration(piece, 'every', when);
  if (forMs >= everyMs) refuse(piece, `for "${time}" is not shorter than every "${when}"`);
  return { ...shape, when: { everyMs } };
}

function readCsv(piece: Piece, { readText }: ParseOptions): Shape {
  const path = piece.fields.join(':');
  if (path === '') return refuse(piece, 'the file is missing');
  if (!readText) return refuse(piece, 'files cannot be read here');
  return { kind: 'csv', ...parseRateTable(path, readText(path)) };
}

function readReplay(piece: Piece): Shape {
  requireFields(piece, 0, 1);
  const speed = readNumber(piece, 'speed', (piece.fields[0] ?? '1').replace(/x$/, ''), 0, MAX_VALUE);
  return speed > 0 ? { kind: 'replay', speed } : refuse(piece, 'speed is not above 0');
}

const JITTERED = /^([^+±]+)(?:(?:±|\+-)([^+±]+))?$/;

function readBatch(piece: Piece): Shape {
  requireFields(piece, 1, 1);
  const halves = piece.fields[0]!.split('/').map((half) => JITTERED.exec(half.replaceAll(' ', '')));
  const [records, interval] = halves;
  if (halves.length !== 2 || !records || !interval) {
    return refuse(piece, `"${piece.fields[0]}" is not <records>/<interval>`);
  }
  return {
    kind: 'batch',
    records: readWhole(piece, 'records', records[1]!, 1, MAX_BATCH_RECORDS),
    recordsJitter: readWhole(piece, 'jitter of the records', records[2] ?? '0', 0, MAX_BATCH_RECORDS),
    intervalMs: readInterval(piece, 'interval', interval[1]!),
    intervalJitterMs: readInterval(piece, 'jitter of the interval', interval[2] ?? '0'),
  };
}

const MAX_BATCH_RECORDS = 10_000_000;

/** Seconds when bare, as the settings of the generator this reproduces count them. */
function readInterval(piece: Piece, name: string, text: string): number {
  const ms = secondsOrDurationMs(text);
  return ms >= 0 && ms <= DAY_MS ? ms : refuse(piece, `${name} "${text}" is not a time from 0 to 1d`);
}
