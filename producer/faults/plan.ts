import { type Chance, createChance } from '../../core/chance.ts';
import { MAX_CLOCK_SKEW_MS } from '../../core/check.ts';
import { FAULT_KINDS, type Fault, type FaultPlan, plainFault } from './fault.ts';
import type { FaultSpec, LateDistribution } from './spec.ts';

/** The plan that does nothing; a run may test for it and leave the whole step out. */
export const NO_FAULTS: FaultPlan = { of: () => null };

/** Events looked at together. Longer blocks cost memory, shorter ones draw more numbers in vain. */
const BLOCK_EVENTS = 4_096;
const NO_HIT = 255;
/** Draws of an event's own number; those of a block's gaps follow. */
const FORM_DRAW = 0;
const SIZE_DRAW = 1;
const FIRST_GAP_DRAW = 2;

/**
 * Decides for every event number whether something goes wrong and what: at most one fault each, the first kind in the
 * order of FAULT_KINDS whose own chance (stream `fault:<kind>`) hits. So a kind that is switched on takes events from
 * later kinds only, and never touches content or timing.
 *
 * A kind hits with its rate, independently from event to event. Instead of a draw per kind and event, the gaps between
 * hits are drawn, block by block: gaps between independent hits are geometric and forget what lies before the block, so
 * each block can be computed alone.
 * @param seed of the faults; specs with a seed of their own do not use it
 */
export function createFaultPlan(specs: readonly FaultSpec[], seed: number): FaultPlan {
  const active = FAULT_KINDS.flatMap((kind) => specs.filter((spec) => spec.kind === kind && spec.rate > 0));
  if (active.length === 0) return NO_FAULTS;
  const sources = active.filter(isPerEvent).map((spec) => createSource(spec, chanceOf(spec, seed)));
  const clockFaultOf = createClockFaults(active.find(isPerPerson), seed);
  // By event of the block: the place in `sources`
  const hits = new Uint8Array(BLOCK_EVENTS);
  let loaded = -1;

  const load = (block: number): void => {
    hits.fill(NO_HIT);
    // Later kinds first, so that earlier ones overwrite them
    for (let place = sources.length - 1; place >= 0; place--) sources[place]!.mark(block, hits, place);
    loaded = block;
  };

  return {
    of(n, userId) {
      const block = Math.floor(n / BLOCK_EVENTS);
      if (block !== loaded) load(block);
      const place = hits[n - block * BLOCK_EVENTS]!;
      return place === NO_HIT ? clockFaultOf(userId) : sources[place]!.faultOf(n);
    },
  };
}

type ClockSpec = Extract<FaultSpec, { kind: 'clock_skew' }>;
type EventSpec = Exclude<FaultSpec, ClockSpec>;

const isPerPerson = (spec: FaultSpec): spec is ClockSpec => spec.kind === 'clock_skew';
const isPerEvent = (spec: FaultSpec): spec is EventSpec => spec.kind !== 'clock_skew';

function chanceOf(spec: FaultSpec, seed: number): Chance {
  return createChance(spec.seed ?? seed, `fault:${spec.kind}`);
}

interface FaultSource {
  /** writes `place` wherever this kind hits within the block */
  mark(block: number, hits: Uint8Array, place: number): void;
  faultOf(n: number): Fault;
}

function createSource(spec: EventSpec, chance: Chance): FaultSource {
  const logMiss = Math.log1p(-spec.rate);
  return {
    mark(block, hits, place) {
      let at = -1;
      for (let draw = FIRST_GAP_DRAW; ; draw++) {
        at += 1 + Math.floor(Math.log1p(-chance.unit(block, draw)) / logMiss);
        if (at >= hits.length) return;
        hits[at] = place;
      }
    },
    faultOf: createDetails(spec, chance),
  };
}

/** What exactly happens to an event that was hit. */
function createDetails(spec: EventSpec, chance: Chance): (n: number) => Fault {
  const plain = plainFault(spec.kind);
  switch (spec.kind) {
    case 'late':
      return (n) => ({ ...plain, shiftMs: -latenessMs(spec.lateness, chance.unit(n, SIZE_DRAW)) });
    case 'reorder':
      return (n) => ({ ...plain, delayMs: 1 + chance.below(n, spec.windowMs, SIZE_DRAW) });
    case 'domain':
    case 'poison':
      return (n) => ({ ...plain, form: spec.forms[chance.below(n, spec.forms.length, FORM_DRAW)]! });
    case 'duplicate':
      return always({ ...plain, copies: spec.copies, delayMs: spec.apartMs });
    case 'key_skew':
      return always({ ...plain, partition: spec.partition });
    case 'drop':
      return always(plain);
  }
}

function always(fault: Fault): () => Fault {
  Object.freeze(fault);
  return () => fault;
}

/** A clock is a person's: who has a skewed one keeps it for the whole run. */
function createClockFaults(spec: ClockSpec | undefined, seed: number): (userId: number) => Fault | null {
  if (spec === undefined) return () => null;
  const { rate, shiftMs } = spec;
  const chance = chanceOf(spec, seed);
  const form = shiftMs > MAX_CLOCK_SKEW_MS ? 'too_fast' : 'tolerated';
  const fault: Fault = Object.freeze({ ...plainFault('clock_skew'), form, shiftMs });
  return (userId) => (chance.unit(userId) < rate ? fault : null);
}

/** @param unit uniform in [0, 1) */
function latenessMs(lateness: LateDistribution, unit: number): number {
  switch (lateness.shape) {
    case 'exp':
      return Math.ceil(-lateness.meanMs * Math.log1p(-unit));
    case 'uniform':
      return Math.round(lateness.fromMs + (lateness.toMs - lateness.fromMs) * unit);
    case 'fixed':
      return lateness.ms;
  }
}
