import type { RatingEvent } from '../../core/rating-event.ts';
import { keyOfUser } from '../../core/user-key.ts';
import type { LogWriter } from '../../kafka/log-writer.ts';
import type { EventContent, EventSource } from '../event-source.ts';
import { type Emission, type Inject, reshape } from '../faults/apply.ts';
import { createDelayQueue } from '../faults/delay-queue.ts';
import { type Fault, type FaultPlan, labelOf } from '../faults/fault.ts';
import type { FaultCounts } from '../faults/fault-counts.ts';
import type { ToCatch } from '../faults/to-catch.ts';
import type { LedgerWriter } from '../ledger/ledger.ts';
import { type Lane, numberOf } from './lane.ts';
import type { Resolution } from './resolution.ts';
import { tagOf } from './tags.ts';

export interface SenderDeps {
  readonly writer: LogWriter;
  readonly source: EventSource;
  /** @param intendedMs since the start, which decides the schema version */
  readonly encode: (event: RatingEvent, intendedMs: number) => Buffer;
  readonly eventId: (eventNumber: number, into: Uint8Array) => Uint8Array;
  readonly faults: FaultPlan;
  readonly inject: Inject;
  readonly faultCounts: FaultCounts;
  readonly toCatch: ToCatch;
  readonly ledger: LedgerWriter | null;
  readonly resolution: Resolution;
}

/** Turns own events into records, in their order; a record that is held back goes when it is due. */
export interface Sender {
  /** False: there is no room; nothing was done, call again with the same event. */
  send(i: number, intendedMs: number): boolean;
  /** Sends what was held back and is due. False: there is no room for all of it. */
  release(nowMs: number): boolean;
  /** records held back */
  readonly held: number;
  /** when the last of the records held back is due; -Infinity when there is none */
  readonly heldUntilMs: number;
  readonly counts: SenderCounts;
}

export interface SenderCounts {
  /** events made, also those that a drop fault kept back */
  readonly generated: number;
  readonly records: number;
  readonly bytes: number;
  readonly keptBack: number;
}

interface HeldRecord {
  readonly i: number;
  readonly emission: Emission;
}

/** Delays of seconds at full rate; more would be memory without bound. */
const MAX_HELD_RECORDS = 500_000;
const ID_BYTES = 16;
/** a power of two */
const KEY_CACHE_SIZE = 8_192;

/** @param startTsMs wall-clock time of the run's start */
export function createSender(deps: SenderDeps, lane: Lane, startTsMs: number): Sender {
  const { writer, source, encode, eventId, faults, inject, faultCounts, toCatch, ledger, resolution } = deps;
  const held = createDelayQueue<HeldRecord>(MAX_HELD_RECORDS);
  // the id is encoded before the next one is made: one array serves all
  const id = Buffer.alloc(ID_BYTES);
  const keyOf = createKeyCache();
  const counts = { generated: 0, records: 0, bytes: 0, keptBack: 0 };
  let heldUntilMs = Number.NEGATIVE_INFINITY;

  const count = (value: Buffer | null): void => {
    counts.records += 1;
    counts.bytes += value === null ? 0 : value.length;
  };

  const write = ({ key, value, partition, headers }: Emission, tag: number): boolean => {
    const placement = partition === null && headers === null ? undefined : { partition, headers };
    if (!writer.tryWrite(key, value, tag, placement)) return false;
    count(value);
    return true;
  };

  const sendClean = (i: number, n: number, content: EventContent, intendedMs: number): boolean => {
    const value = encode(eventOf(eventId(n, id), content), intendedMs);
    if (!writer.tryWrite(keyOf(content.userId), value, tagOf(i, false))) return false;
    count(value);
    counts.generated += 1;
    resolution.open(1, intendedMs);
    return true;
  };

  const sendFaulty = (
    i: number,
    n: number,
    content: EventContent,
    intendedMs: number,
    fault: Fault,
  ): boolean => {
    const event = eventOf(eventId(n, id), reshape(content, fault, startTsMs + intendedMs));
    const value = encode(event, intendedMs);
    const emissions = inject({ n, key: keyOf(content.userId), event, value }, fault);
    if (held.size + emissions.length > MAX_HELD_RECORDS) return false;
    const [first] = emissions;
    const atOnce = first?.delayMs === 0;
    if (atOnce && !write(first, tagOf(i, false))) return false;
    for (const emission of atOnce ? emissions.slice(1) : emissions) {
      const dueMs = intendedMs + emission.delayMs;
      held.push(dueMs, { i, emission });
      heldUntilMs = Math.max(heldUntilMs, dueMs);
    }
    counts.generated += 1;
    if (emissions.length === 0) counts.keptBack += 1;
    resolution.open(emissions.length, intendedMs);
    faultCounts.add(fault);
    toCatch.sent(i, fault, emissions.length);
    ledger?.fault(n, labelOf(fault), Math.max(0, emissions.length - 1));
    return true;
  };

  return {
    send(i, intendedMs) {
      const n = numberOf(lane, i);
      const content = source.content(n, startTsMs + intendedMs);
      const fault = faults.of(n, content.userId);
      return fault === null
        ? sendClean(i, n, content, intendedMs)
        : sendFaulty(i, n, content, intendedMs, fault);
    },
    release(nowMs) {
      for (;;) {
        const due = held.peekDue(nowMs);
        if (due === undefined) return true;
        if (!write(due.emission, tagOf(due.i, true))) return false;
        held.removeFirst();
      }
    },
    get held() {
      return held.size;
    },
    get heldUntilMs() {
      return held.size === 0 ? Number.NEGATIVE_INFINITY : heldUntilMs;
    },
    counts,
  };
}

/** Busy users come again soon; a Buffer each time would be a tenth of an event's cost. */
function createKeyCache(): (userId: number) => Buffer {
  const keys: Buffer[] = [];
  const owners = new Int32Array(KEY_CACHE_SIZE).fill(-1);
  return (userId) => {
    const at = userId & (KEY_CACHE_SIZE - 1);
    if (owners[at] !== userId) {
      owners[at] = userId;
      keys[at] = keyOfUser(userId);
    }
    return keys[at]!;
  };
}

function eventOf(eventId: Uint8Array, content: EventContent): RatingEvent {
  return {
    eventId,
    userId: content.userId,
    movieId: content.movieId,
    kind: content.kind,
    rating: content.rating,
    tsMs: content.tsMs,
    source: content.source,
  };
}
