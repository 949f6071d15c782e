import { createEventIds } from '../../../core/event-id.ts';
import type { LogRecord } from '../../../core/log-record.ts';
import { keyOfUser } from '../../../core/user-key.ts';
import type { LedgerFooter } from '../../../producer/ledger/ledger.ts';
import { createClaims, type RunClaims } from '../../../producer/verify/claims.ts';
import { createDifferences, type Difference } from '../../../producer/verify/differences.ts';
import { createMatcher, type LogCounts } from '../../../producer/verify/match.ts';
import type { OutcomeCode } from '../../../producer/verify/outcome.ts';
import { createRatingEncoder } from '../../../schemas/rating-codec.ts';
import { rating } from '../../helpers/events.ts';
import { headerOf, RUN_ID } from '../ledger/fixture.ts';

export const SCHEMA_ID = 3;
export const encode = createRatingEncoder(SCHEMA_ID);
const idsOf = (runId: string) => createEventIds(runId);

/** What one worker of a run wrote down. */
export interface Book {
  readonly first?: number;
  readonly worker?: number;
  readonly workers?: number;
  readonly runAhead?: number;
  readonly next: number;
  readonly failed?: readonly number[];
  readonly overloaded?: readonly number[];
  readonly faults?: readonly (readonly [n: number, label: string, copies?: number])[];
  /** default none: killed */
  readonly footer?: LedgerFooter | null;
}

export function claimsOf(...books: readonly Book[]): RunClaims {
  const builder = createClaims();
  for (const { next, failed = [], overloaded = [], faults = [], footer = null, ...header } of books) {
    const handlers = builder.begin(headerOf(header));
    for (const [n, label, copies = 0] of faults) handlers.onFault(n, label, copies);
    for (const n of overloaded) handlers.onOverloaded(n, 1);
    handlers.onCheckpoint(next, failed);
    builder.end(footer);
  }
  return builder.build();
}

/** A record as the run would have sent it, without its place in the log. */
export interface Sent {
  readonly n: number;
  readonly partition: number;
  readonly user: number;
  readonly value?: Buffer | null;
  readonly headers?: ReadonlyMap<string, string>;
}

export function headersOf(n: number, kind: string, runId = RUN_ID): ReadonlyMap<string, string> {
  return new Map([
    ['reelstream-run', runId],
    ['reelstream-event', String(n)],
    ['reelstream-fault', kind],
  ]);
}

export interface Placed extends Sent {
  readonly offset: number;
}

/** Appends to the log, partition by partition. */
export function place(sent: readonly Sent[], startOffset = 0): Placed[] {
  const ends = new Map<number, number>();
  return sent.map((one) => {
    const offset = ends.get(one.partition) ?? startOffset;
    ends.set(one.partition, offset + 1);
    return { ...one, offset };
  });
}

export function recordOf({ n, user, offset, value, headers }: Placed, runId = RUN_ID): LogRecord {
  return {
    offset,
    logTsMs: 1_700_000_000_000 + offset,
    key: keyOfUser(user),
    value: value === undefined ? encode(rating({ eventId: idsOf(runId)(n), userId: user })) : value,
    ...(headers ? { headers } : {}),
  };
}

export interface Matched extends LogCounts {
  readonly differences: readonly Difference[];
  readonly total: number;
  readonly codes: readonly OutcomeCode[];
}

export function match(claims: RunClaims, log: readonly Placed[], before: readonly Placed[] = []): Matched {
  const differences = createDifferences();
  const matcher = createMatcher(claims, differences);
  for (const one of before) matcher.before(one.partition, recordOf(one));
  const codes = log.map((one) => matcher.take(one.partition, recordOf(one)));
  const counts = matcher.finish();
  return { ...counts, differences: differences.examples(), total: differences.total, codes };
}
