import type { Bitset } from './bitset.ts';
import type { RunClaims } from './claims.ts';
import type { Differences } from './differences.ts';
import { outcomeFor } from './outcome.ts';

/** Events of the log as it was read to its end. */
export interface SeenEvents {
  readonly seen: Bitset;
  /** records beyond the first, of events that have any */
  readonly repeats: ReadonlyMap<number, number>;
}

export interface Unpromised {
  readonly unacknowledgedEvents: number;
  readonly failedEvents: number;
}

/** Finds acknowledged events, and copies of them, that are not in the log; counts the ones that are there without a promise. */
export function findMissing(claims: RunClaims, events: SeenEvents, differences: Differences): Unpromised {
  findMissingCopies(claims, events, differences);
  let unacknowledgedEvents = 0;
  let failedEvents = 0;
  for (let n = claims.first; n < claims.end; n++) {
    if (!events.seen.has(n)) reportMissing(claims, n, differences);
    else if (claims.isAcknowledged(n)) continue;
    else if (claims.isFailed(n)) failedEvents += 1;
    else unacknowledgedEvents += 1;
  }
  return { unacknowledgedEvents, failedEvents };
}

function reportMissing(claims: RunClaims, n: number, differences: Differences): void {
  const fault = claims.faultOf(n);
  if (!claims.isAcknowledged(n) || outcomeFor(fault?.label) === null) return;
  const expected = countOf(1 + (fault?.copies ?? 0));
  differences.add({ kind: 'missing', event: n, partition: null, offset: null, expected, found: countOf(0) });
}

function findMissingCopies(claims: RunClaims, { seen, repeats }: SeenEvents, differences: Differences): void {
  for (const [n, { copies }] of claims.faults) {
    if (copies === 0 || !claims.isAcknowledged(n) || !seen.has(n)) continue;
    const extra = repeats.get(n) ?? 0;
    if (extra >= copies) continue;
    const [expected, found] = [countOf(1 + copies), countOf(1 + extra)];
    differences.add({ kind: 'missing_copy', event: n, partition: null, offset: null, expected, found });
  }
}

export function countOf(records: number): string {
  return records === 1 ? '1 record' : `${records} records`;
}
