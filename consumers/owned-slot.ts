import type { Slot } from '../clickhouse/sink-store.ts';
import type { DedupeWindow } from '../core/dedupe-window.ts';
import { ReelstreamError } from '../core/errors.ts';
import type { OffsetRun } from '../core/offset-run.ts';
import { mayChange, type SlotState } from '../core/slot-state.ts';
import type { Fetch } from '../kafka/log-reader.ts';
import type { Tally } from './tally.ts';

/** A fetch that did not fit into the batch: the rest is taken when the next batch begins. */
export interface HeldFetch {
  readonly fetch: Fetch;
  /** index of the first record that was not taken */
  next: number;
  /** lets the reader go on with this partition */
  readonly release: () => void;
}

/**
 * What this process knows about one partition while it is assigned. Every assignment makes a new one, so that work begun
 * under an older assignment recognises itself as stale: its object is `unowned`.
 */
export interface OwnedSlot {
  readonly partition: number;
  /** rises with every assignment; for the logs */
  readonly ownership: number;
  readonly state: SlotState;
  /** monotonic ms of the assignment, or of when it last stopped streaming */
  readonly idleSinceMs: number;
  /** -1 until the first claim */
  slot: Slot;
  epoch: bigint;
  /** where the slot stands in its log, and which ids it has seen lately; null before it streams */
  run: OffsetRun | null;
  window: DedupeWindow | null;
  held: HeldFetch | null;
  /** set while the registry is asked about schemas of this partition's records */
  asking: AbortController | null;
  paused: boolean;
  /** earliest time of the next claim, monotonic ms */
  claimAtMs: number;
  claimCause: 'claim' | 'doubt';
  /** claims in a row that failed with this slot among them */
  claimFailures: number;
  /** times in a row that somebody else took the slot from us */
  timesFenced: number;
  /** what a flush of unknown outcome carried: the next claim tells whether it landed */
  unsettled: { readonly last: number; readonly tally: Tally } | null;
  /** everything before this offset is durable; null before it streams */
  durablePosition: number | null;
  committedPosition: number | null;
  haltReason: string | null;
}

export function createOwnedSlot(partition: number, ownership: number, nowMs: number): OwnedSlot {
  return {
    partition,
    ownership,
    state: 'unowned',
    idleSinceMs: nowMs,
    slot: -1,
    epoch: 0n,
    run: null,
    window: null,
    held: null,
    asking: null,
    paused: true,
    claimAtMs: nowMs,
    claimCause: 'claim',
    claimFailures: 0,
    timesFenced: 0,
    unsettled: null,
    durablePosition: null,
    committedPosition: null,
    haltReason: null,
  };
}

export type ClaimLane = 'together' | 'alone';

/**
 * Slots are claimed together, because the store drains and repairs them in the same statements. One with which that failed
 * goes on by itself: what is wrong with it must not hold the others back.
 */
export const laneOf = ({ claimFailures }: OwnedSlot): ClaimLane =>
  claimFailures === 0 ? 'together' : 'alone';

/** The only way to change a state. @throws ReelstreamError `unknown` for a transition that the table does not allow */
export function changeState(slot: OwnedSlot, to: SlotState, nowMs: number): void {
  if (!mayChange(slot.state, to)) {
    throw new ReelstreamError('unknown', `partition ${slot.partition}: ${slot.state} may not become ${to}`);
  }
  const mutable = slot as { -readonly [K in keyof OwnedSlot]: OwnedSlot[K] };
  if (slot.state === 'streaming') mutable.idleSinceMs = nowMs;
  mutable.state = to;
}
