/**
 * What a run may do wrong on purpose, in order of precedence: an event has at most one fault, the first kind of this list
 * that hits it. Skewed clocks come last because they belong to a person; what befell the single record wins.
 */
export const FAULT_KINDS = [
  'late',
  'reorder',
  'duplicate',
  'drop',
  'domain',
  'poison',
  'key_skew',
  'clock_skew',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Readable events that mean nothing: what is wrong with them. */
export const DOMAIN_FORMS = [
  'rating_step',
  'rating_above',
  'rating_below',
  'rating_missing',
  'rating_on_watch',
  'user_zero',
  'user_negative',
  'film_zero',
  'film_negative',
  'film_on_deletion',
  'time_before_1995',
  'time_ahead',
] as const;
export type DomainForm = (typeof DOMAIN_FORMS)[number];

/** Values that are no event: what was done to the bytes. */
export const POISON_FORMS = [
  'no_magic',
  'unknown_schema',
  'truncated',
  'empty',
  'json',
  'oversize',
  'tombstone',
  'trailing',
] as const;
export type PoisonForm = (typeof POISON_FORMS)[number];

/** Whether the pipeline puts up with a person's clock; decides what becomes of the event. */
export const SKEW_FORMS = ['tolerated', 'too_fast'] as const;
export type SkewForm = (typeof SKEW_FORMS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** domain, poison, clock_skew: which form; '' for the others */
  readonly form: DomainForm | PoisonForm | SkewForm | '';
  /** duplicate: records beyond the first; 0 for the others */
  readonly copies: number;
  /** reorder: how much later the record is sent; duplicate: how long from one copy to the next; 0 for the others */
  readonly delayMs: number;
  /** late and clock_skew: added to the event time, so negative for the past; 0 for the others */
  readonly shiftMs: number;
  /** key_skew: the Kafka partition, whatever the key says; null for the others */
  readonly partition: number | null;
}

export interface FaultPlan {
  /**
   * The fault of event `n`, or null. Pure in the plan's seed, `n` and `userId`; asking in any order, twice or for some
   * numbers only gives the same answers. Cheapest in rising order.
   * @param userId whose event it is: clocks are skewed by person
   */
  of(n: number, userId: number): Fault | null;
}

/** A fault without peculiarities; each kind adds its own. */
export function plainFault(kind: FaultKind): Fault {
  return { kind, form: '', copies: 0, delayMs: 0, shiftMs: 0, partition: null };
}

/** What the ledger calls a fault: `kind` or `kind/form`. */
export function labelOf({ kind, form }: Fault): string {
  return form === '' ? kind : `${kind}/${form}`;
}
