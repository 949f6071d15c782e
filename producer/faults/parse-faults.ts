import { MAX_CLOCK_SKEW_MS } from '../../core/check.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { DOMAIN_FORMS, FAULT_KINDS, type FaultKind, POISON_FORMS } from './fault.ts';
import type { FaultSettings, FaultSpec, LateDistribution } from './spec.ts';
import { createSpecWords, refuseFault, type SpecWords } from './spec-words.ts';

/** No event is resolved while a record of it is held back, so a run cannot hold one for long. */
const MAX_HOLD_MS = 60_000;
const MAX_COPIES = 100;
const MAX_PARTITION = 9_999;
const DAY_MS = 86_400_000;
const MAX_SHIFT_MS = 3_650 * DAY_MS;
const MAX_RUN_MS = 365 * DAY_MS;
/** Put up with, even where the broker's clock is a minute behind ours. */
const TOLERATED_SKEW_MS = MAX_CLOCK_SKEW_MS - 60_000;
/** Not put up with, even where the record was five minutes on its way; between the two, chance would decide. */
const REFUSED_SKEW_MS = 2 * MAX_CLOCK_SKEW_MS;

/** Oversize costs a megabyte of traffic each: who names no forms gets the others. */
const CHEAP_POISON = POISON_FORMS.filter((form) => form !== 'oversize');

/** What `all` stands for. The schema faults leave a run time to settle first. */
export const ALL_FAULTS: readonly string[] = [
  'late=1%:exp:12h',
  'reorder=1%:500ms',
  'duplicate=1%:2:100ms',
  'drop=0.5%',
  'domain=0.5%',
  `poison=0.1%:${POISON_FORMS.join(',')}`,
  'key-skew=1%:0',
  'clock-skew=1%:+10m',
  'schema-switch@30s',
  'schema-refused@40s',
];

const SCHEMA_FAULTS = ['schema-switch', 'schema-refused'] as const;
type SchemaFault = { readonly kind: (typeof SCHEMA_FAULTS)[number]; readonly atMs: number };
type Parsed = FaultSpec | SchemaFault;

/**
 * Reads the values of `--fault`; the forms are those of FAULT_HELP.
 * @throws ReelstreamError `usage` naming the piece and what is allowed in its place
 */
export function parseFaults(texts: readonly string[]): FaultSettings {
  const named = texts.filter((text) => text !== 'all').map(parseFault);
  const twice = named.find(({ kind }, at) => named.findIndex((other) => other.kind === kind) !== at);
  if (twice) {
    throw new ReelstreamError('usage', `--fault ${optionOf(twice.kind)} is given twice: one spec per kind`);
  }
  const mixed = named.length < texts.length ? ALL_FAULTS.map(parseFault) : [];
  const parsed = [...named, ...mixed.filter(({ kind }) => named.every((other) => other.kind !== kind))];
  const timeOf = (kind: SchemaFault['kind']): number | null =>
    parsed.filter(isSchemaFault).find((fault) => fault.kind === kind)?.atMs ?? null;
  return {
    specs: parsed
      .filter((fault) => !isSchemaFault(fault))
      .sort((a, b) => FAULT_KINDS.indexOf(a.kind) - FAULT_KINDS.indexOf(b.kind)),
    schemaSwitchAtMs: timeOf('schema-switch'),
    schemaRefusalAtMs: timeOf('schema-refused'),
  };
}

function isSchemaFault(fault: Parsed): fault is SchemaFault {
  return 'atMs' in fault;
}

function parseFault(text: string): Parsed {
  const [, name = '', separator, rest] = /^([^=@]*)(?:([=@])(.*))?$/s.exec(text)!;
  const schemaFault = SCHEMA_FAULTS.find((known) => known === name);
  const kind = FAULT_KINDS.find((known) => optionOf(known) === name);
  if (schemaFault && separator !== '=') return parseSchemaFault(schemaFault, text, rest);
  if (kind && separator !== '@') return parseSpec(kind, text, rest);
  return refuseFault(text, `${name}${separator ?? ''}`, `a fault: ${FAULT_NAMES.join(', ')}`);
}

function parseSchemaFault(kind: SchemaFault['kind'], text: string, time: string | undefined): SchemaFault {
  const words = createSpecWords(text, time === undefined ? [] : [time]);
  return { kind, atMs: words.duration('the time after the start', 0, MAX_RUN_MS) };
}

function parseSpec(kind: FaultKind, text: string, rest: string | undefined): FaultSpec {
  const pieces = rest?.split(':') ?? [];
  const seedPiece = pieces.at(-1)?.startsWith('seed=') ? pieces.pop()!.slice('seed='.length) : null;
  const words = createSpecWords(text, pieces);
  const rate = words.share('the share');
  const details = READERS[kind](words);
  if (words.more()) refuseFault(text, pieces.at(-1)!, 'expected here: the spec is complete without it');
  const seed =
    seedPiece === null
      ? null
      : createSpecWords(text, [seedPiece]).whole('the seed', 0, Number.MAX_SAFE_INTEGER);
  return { ...details, rate, seed };
}

/** Distributes over the union, which Omit alone does not. */
type Details<S> = S extends FaultSpec ? Omit<S, 'rate' | 'seed'> : never;

const READERS: Readonly<Record<FaultKind, (words: SpecWords) => Details<FaultSpec>>> = {
  late: (words) => ({ kind: 'late', lateness: readLateness(words) }),
  reorder: (words) => ({ kind: 'reorder', windowMs: words.duration('the window', 1, MAX_HOLD_MS) }),
  duplicate(words) {
    const copies = words.whole('the number of further copies', 1, MAX_COPIES);
    const apartMs = words.duration('the time between copies', 0, Math.floor(MAX_HOLD_MS / copies));
    return { kind: 'duplicate', copies, apartMs };
  },
  drop: () => ({ kind: 'drop' }),
  domain: (words) => ({
    kind: 'domain',
    forms: words.more() ? words.words('the forms', DOMAIN_FORMS) : DOMAIN_FORMS,
  }),
  poison: (words) => ({
    kind: 'poison',
    forms: words.more() ? words.words('the forms', POISON_FORMS) : CHEAP_POISON,
  }),
  key_skew: (words) => ({ kind: 'key_skew', partition: words.whole('the partition', 0, MAX_PARTITION) }),
  clock_skew(words) {
    const shiftMs = words.signedDuration('the skew', MAX_SHIFT_MS);
    const undecided = shiftMs > TOLERATED_SKEW_MS && shiftMs < REFUSED_SKEW_MS;
    if (undecided) words.refuse('the skew: up to +4m (tolerated), or +10m and more (too fast)');
    return { kind: 'clock_skew', shiftMs };
  },
};

function readLateness(words: SpecWords): LateDistribution {
  const shape = words.word('the distribution', ['exp', 'uniform', 'fixed']);
  if (shape === 'exp') return { shape, meanMs: words.duration('the mean', 1, MAX_SHIFT_MS) };
  if (shape === 'fixed') return { shape, ms: words.duration('the lateness', 1, MAX_SHIFT_MS) };
  const fromMs = words.duration('the shortest lateness', 0, MAX_SHIFT_MS);
  return { shape, fromMs, toMs: words.duration('the longest lateness', fromMs, MAX_SHIFT_MS) };
}

/** Kinds are spelt with a dash on the command line and with an underscore in labels. */
function optionOf(kind: string): string {
  return kind.replaceAll('_', '-');
}

const FAULT_NAMES = [
  ...FAULT_KINDS.map((kind) => `${optionOf(kind)}=`),
  ...SCHEMA_FAULTS.map((name) => `${name}@`),
  'all',
];
