import type { FaultReason } from '../../core/verdict.ts';
import { expectedOf } from './expected.ts';
import { type Fault, labelOf } from './fault.ts';

export type CatchCounts = Readonly<Partial<Record<FaultReason, number>>>;

/**
 * Records on the log that the pipeline must catch, by the reason that it must give. They count when Kafka has acknowledged
 * them: one that was refused, or is held back, is not there to be caught.
 */
export interface ToCatch {
  /** own event `i` becomes so many records; clean events are not told */
  sent(i: number, fault: Fault, records: number): void;
  /** a record of any event got its answer */
  settled(i: number, failed: boolean): void;
  /** reasons without any are missing */
  byReason(): CatchCounts;
}

interface Awaited {
  readonly reason: FaultReason;
  readonly isDuplicate: boolean;
  unanswered: number;
  acknowledged: number;
}

export function createToCatch(): ToCatch {
  const awaited = new Map<number, Awaited>();
  const counts: Partial<Record<FaultReason, number>> = {};
  return {
    sent(i, fault, records) {
      const isDuplicate = fault.kind === 'duplicate';
      const { reason } = expectedOf(labelOf(fault), isDuplicate ? 1 : 0);
      if (records === 0 || reason === 'none' || reason === 'canary') return;
      awaited.set(i, { reason, isDuplicate, unanswered: records, acknowledged: 0 });
    },
    settled(i, failed) {
      // all that a run without faults pays for it
      if (awaited.size === 0) return;
      const event = awaited.get(i);
      if (event === undefined) return;
      event.unanswered -= 1;
      if (event.unanswered === 0) awaited.delete(i);
      if (failed) return;
      event.acknowledged += 1;
      // the first of its kind that is there is the event itself
      if (event.isDuplicate && event.acknowledged === 1) return;
      counts[event.reason] = (counts[event.reason] ?? 0) + 1;
    },
    byReason: () => ({ ...counts }),
  };
}

const KINDS_TO_CATCH: ReadonlySet<string> = new Set(['duplicate', 'domain', 'poison', 'clock_skew']);

/** Whether a run with these faults may send records that must be caught. */
export function mustCatch(specs: readonly Pick<Fault, 'kind'>[]): boolean {
  return specs.some(({ kind }) => KINDS_TO_CATCH.has(kind));
}
