import type { DomainForm, PoisonForm } from './fault.ts';

/** How far back a late event lies, in ms. */
export type LateDistribution =
  | { readonly shape: 'exp'; readonly meanMs: number }
  | { readonly shape: 'uniform'; readonly fromMs: number; readonly toMs: number }
  | { readonly shape: 'fixed'; readonly ms: number };

interface Common {
  /** share of events, of people for clock_skew; 0 to 1 */
  readonly rate: number;
  /** null: the plan's seed */
  readonly seed: number | null;
}

/** One kind of fault as a run asks for it. Plain data: it is written into the ledger's header. */
export type FaultSpec = Common &
  (
    | { readonly kind: 'late'; readonly lateness: LateDistribution }
    | { readonly kind: 'reorder'; readonly windowMs: number }
    | { readonly kind: 'duplicate'; readonly copies: number; readonly apartMs: number }
    | { readonly kind: 'drop' }
    | { readonly kind: 'domain'; readonly forms: readonly DomainForm[] }
    | { readonly kind: 'poison'; readonly forms: readonly PoisonForm[] }
    | { readonly kind: 'key_skew'; readonly partition: number }
    | { readonly kind: 'clock_skew'; readonly shiftMs: number }
  );

/** Everything a run does wrong on purpose. */
export interface FaultSettings {
  /** at most one per kind */
  readonly specs: readonly FaultSpec[];
  /** events intended from here on, ms since the run's start, are written with version 2 of the schema; null = never */
  readonly schemaSwitchAtMs: number | null;
  /** when the registry is offered an incompatible version 3, ms since the run's start; null = never */
  readonly schemaRefusalAtMs: number | null;
}

/**
 * The longest that a record is held back. An event is resolved when its last record is, so a run that goes on at `rate`
 * per ms holds up to `longestHoldMs * rate` unresolved events for this alone.
 */
export function longestHoldMs(specs: readonly FaultSpec[]): number {
  return specs.reduce((longest, spec) => (spec.rate > 0 ? Math.max(longest, holdMs(spec)) : longest), 0);
}

function holdMs(spec: FaultSpec): number {
  if (spec.kind === 'reorder') return spec.windowMs;
  return spec.kind === 'duplicate' ? spec.copies * spec.apartMs : 0;
}
