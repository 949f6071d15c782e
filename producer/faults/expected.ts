import { ReelstreamError } from '../../core/errors.ts';
import type { DeadLetterReason, DropReason, VerdictKind } from '../../core/verdict.ts';
import { DOMAIN_FORMS, type Fault, type FaultKind, type PoisonForm, type SkewForm } from './fault.ts';

/** What the pipeline must make of a record; `none` where there must be no record. Reasons as `events_raw` spells them. */
export interface Expected {
  readonly verdict: VerdictKind | 'none';
  readonly reason: DropReason | DeadLetterReason | 'none';
}

const OK: Expected = Object.freeze({ verdict: 'ok', reason: 'none' });
const NO_RECORD: Expected = Object.freeze({ verdict: 'none', reason: 'none' });
const DUPLICATE: Expected = Object.freeze({ verdict: 'drop', reason: 'duplicate' });
const deadLetter = (reason: DeadLetterReason): Expected => Object.freeze({ verdict: 'dead_letter', reason });
const DOMAIN = deadLetter('domain');

const OF_POISON: Readonly<Record<PoisonForm, Expected>> = {
  no_magic: deadLetter('bad_magic'),
  unknown_schema: deadLetter('unknown_schema'),
  truncated: deadLetter('decode'),
  empty: deadLetter('bad_magic'),
  json: deadLetter('bad_magic'),
  oversize: deadLetter('too_large'),
  tombstone: deadLetter('decode'),
  trailing: deadLetter('trailing_bytes'),
};
const OF_SKEW: Readonly<Record<SkewForm, Expected>> = { tolerated: OK, too_fast: DOMAIN };

/** A kind without forms has the one form ''. */
const EXPECTED: Readonly<Record<FaultKind, Readonly<Record<string, Expected>>>> = {
  late: { '': OK },
  reorder: { '': OK },
  duplicate: { '': OK },
  drop: { '': NO_RECORD },
  domain: Object.fromEntries(DOMAIN_FORMS.map((form) => [form, DOMAIN])),
  poison: OF_POISON,
  key_skew: { '': OK },
  clock_skew: OF_SKEW,
};
const BY_LABEL: ReadonlyMap<string, Expected> = new Map(
  Object.entries(EXPECTED).flatMap(([kind, forms]) =>
    Object.entries(forms).map(([form, expected]) => [form === '' ? kind : `${kind}/${form}`, expected]),
  ),
);

/** Every label a ledger of this version can hold. */
export const FAULT_LABELS: readonly string[] = [...BY_LABEL.keys()];

/**
 * What must become of record `copy` (0 is the first) of an event with this label. It holds where the sink has its default
 * record limit or the run's `oversizeBytes` exceed it, a record is at most five minutes on its way, and copies lie within
 * the sink's duplicate window.
 * @throws ReelstreamError `bad_data` for a label this version does not know
 */
export function expectedOf(label: string, copy = 0): Expected {
  const expected = BY_LABEL.get(label);
  if (expected === undefined)
    throw new ReelstreamError('bad_data', `"${label}" is no fault this version knows`);
  return label === 'duplicate' && copy > 0 ? DUPLICATE : expected;
}

/**
 * True when the record must be marked late: its event time was moved back by more than the pipeline allows. False means
 * that the fault alone does not decide it: a record that was long on its way, or a replay of old events, is late anyhow.
 */
export function mustBeMarkedLate({ shiftMs }: Fault, allowedLatenessMs: number): boolean {
  return -shiftMs > allowedLatenessMs;
}
