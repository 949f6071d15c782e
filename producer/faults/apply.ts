import { EARLIEST_EVENT_MS } from '../../core/check.ts';
import type { RunId } from '../../core/event-id.ts';
import type { RatingEvent } from '../../core/rating-event.ts';
import type { EventContent } from '../event-source.ts';
import { spoil } from './domain.ts';
import type { DomainForm, Fault, FaultKind, PoisonForm } from './fault.ts';
import { DEFAULT_OVERSIZE_BYTES, poison } from './poison.ts';

/** Names the event behind a record that cannot be read, or that stands in the log twice or out of its turn. */
export type RecordHeaders = Readonly<
  Record<'reelstream-run' | 'reelstream-event' | 'reelstream-fault', string>
>;

/** One record to be sent. */
export interface Emission {
  /** after the event's own turn */
  readonly delayMs: number;
  readonly key: Buffer;
  /** null is a tombstone */
  readonly value: Buffer | null;
  readonly headers: RecordHeaders | null;
  /** null: the key decides */
  readonly partition: number | null;
}

/**
 * The half before encoding: what the event says. Only late, clock_skew and domain change it.
 * @param content as the source gave it; not changed
 * @param intendedTsMs wall-clock time the event should be sent at: what a person's clock is wrong about, also where the
 * source replays event times of long ago
 */
export function reshape(content: EventContent, fault: Fault, intendedTsMs: number): EventContent {
  switch (fault.kind) {
    case 'late':
      return shifted(content, content.tsMs + fault.shiftMs);
    case 'clock_skew':
      return shifted(content, Math.round(intendedTsMs) + fault.shiftMs);
    case 'domain':
      return spoil(content, fault.form as DomainForm, intendedTsMs);
    default:
      return content;
  }
}

/** However far back: an event before 1995 would be another fault. */
function shifted(content: EventContent, tsMs: number): EventContent {
  return { ...content, tsMs: Math.max(EARLIEST_EVENT_MS, tsMs) };
}

export interface FaultyEvent {
  readonly n: number;
  /** of the person as the source named them, so that all their records share a Kafka partition */
  readonly key: Buffer;
  /** reshaped */
  readonly event: RatingEvent;
  /** `event` encoded */
  readonly value: Buffer;
}

export interface InjectorOptions {
  readonly runId: RunId;
  /** what the pipeline takes for too large; default one byte more than the sink's default limit */
  readonly oversizeBytes?: number;
}

/** Kinds whose records say in headers which event they are. */
const HEADED: ReadonlySet<FaultKind> = new Set(['poison', 'duplicate', 'reorder']);

/** The half after encoding: which records the event becomes, in the order of their delays; none for a drop. */
export type Inject = (faulty: FaultyEvent, fault: Fault) => readonly Emission[];

export function createInjector({ runId, oversizeBytes = DEFAULT_OVERSIZE_BYTES }: InjectorOptions): Inject {
  return function inject({ n, key, event, value }, fault) {
    const { kind, copies, delayMs, partition } = fault;
    const headers = HEADED.has(kind) ? headersOf(runId, n, kind) : null;
    const emission: Emission = { delayMs: 0, key, value, headers, partition };
    switch (kind) {
      case 'drop':
        return [];
      case 'reorder':
        return [{ ...emission, delayMs }];
      case 'duplicate':
        return Array.from({ length: 1 + copies }, (_, copy) => ({ ...emission, delayMs: copy * delayMs }));
      case 'poison': {
        const form = fault.form as PoisonForm;
        return [{ ...emission, value: poison(form, { n, event, value, oversizeBytes }) }];
      }
      default:
        return [emission];
    }
  };
}

function headersOf(runId: RunId, n: number, kind: FaultKind): RecordHeaders {
  return { 'reelstream-run': runId, 'reelstream-event': String(n), 'reelstream-fault': kind };
}
