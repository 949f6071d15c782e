import type { LogRecord } from '../../core/log-record.ts';
import { createBitset } from './bitset.ts';
import type { LabelledFault, RunClaims } from './claims.ts';
import type { Differences } from './differences.ts';
import { createDuplicateWindow } from './duplicate-window.ts';
import { createIdentify, FOREIGN, userOf } from './identify.ts';
import { countOf, findMissing } from './missing.ts';
import { ANY_OUTCOME, codeOf, type OutcomeCode, outcomeFor } from './outcome.ts';
import { createPersonOrder } from './person-order.ts';

/** What was found in the log, in records unless it says otherwise. */
export interface LogCounts {
  /** of this run */
  readonly records: number;
  /** distinct events of this run */
  readonly events: number;
  /** of others */
  readonly foreign: number;
  /** sent again on purpose, beyond each event's first */
  readonly copies: number;
  /** of unacknowledged events, beyond each one's first: sent again after a crash, or copies whose label was never written */
  readonly unacknowledgedRepeats: number;
  /** events in the log whose acknowledgement was not written down; legal after a crash */
  readonly unacknowledgedEvents: number;
  /** events that the client gave up and that got into the log nevertheless; legal */
  readonly failedEvents: number;
  readonly byLabel: ReadonlyMap<string, number>;
}

/**
 * Holds every record of the topic against the ledger. Records of one partition come in their order, partitions in any.
 * Memory: one bit per event; more only for people, and for events that are in the log more than once.
 */
export interface Matcher {
  /** A record from before the run, for knowing whether the run's own ones are duplicates of it. */
  before(partition: number, record: LogRecord): void;
  /** A record since the run's start; returns what the pipeline must have made of it. */
  take(partition: number, record: LogRecord): OutcomeCode;
  /** After the last record: finds what is missing. */
  finish(): LogCounts;
}

/** Their records stand out of turn on purpose. */
const OUT_OF_TURN: ReadonlySet<string> = new Set(['reorder', 'duplicate']);
const OK = codeOf('ok');
const DUPLICATE = codeOf('duplicate');

export function createMatcher(claims: RunClaims, differences: Differences): Matcher {
  const identify = createIdentify(claims.runId);
  const seen = createBitset(claims.first, claims.end);
  const repeats = new Map<number, number>();
  const window = createDuplicateWindow();
  const order = createPersonOrder(claims.stride);
  const byLabel = new Map<string, number>();
  const counts = { records: 0, events: 0, foreign: 0, copies: 0, unacknowledgedRepeats: 0 };

  /** Records of this event that came before. */
  const countRepeat = (n: number): number => {
    if (seen.add(n)) {
      counts.events += 1;
      return 0;
    }
    const before = 1 + (repeats.get(n) ?? 0);
    repeats.set(n, before);
    return before;
  };

  function checkOrder(n: number, partition: number, { key, offset }: LogRecord): void {
    const user = userOf(key);
    const later = user < 0 ? null : order.breach(partition, user, n);
    if (later === null) return;
    const expected = `before event ${later} of user ${user}`;
    differences.add({ kind: 'order', event: n, partition, offset, expected, found: 'behind it' });
  }

  function codeFor(n: number, partition: number, offset: number, fault?: LabelledFault): OutcomeCode {
    const outcome = outcomeFor(fault?.label);
    if (outcome !== 'ok') return outcome === null ? ANY_OUTCOME : codeOf(outcome);
    const comesAgain = (fault?.copies ?? 0) > 0 || claims.mayBeUnsaid(n) || window.has(n);
    return !comesAgain || window.admit(n, partition, offset) ? OK : DUPLICATE;
  }

  function takeOwn(n: number, partition: number, record: LogRecord): OutcomeCode {
    const { offset } = record;
    const fault = claims.faultOf(n);
    const { label, copies } = fault ?? UNLABELLED;
    const repeat = countRepeat(n);
    const unsaid = claims.mayBeUnsaid(n);
    if (label !== '') byLabel.set(label, (byLabel.get(label) ?? 0) + 1);
    if (repeat > copies && !unsaid) {
      const [expected, found] = [countOf(1 + copies), countOf(1 + repeat)];
      differences.add({ kind: 'duplicate', event: n, partition, offset, expected, found });
      return ANY_OUTCOME;
    }
    if (repeat > copies) counts.unacknowledgedRepeats += 1;
    else if (repeat > 0) counts.copies += 1;
    if (!unsaid && !OUT_OF_TURN.has(label)) checkOrder(n, partition, record);
    // its label may have been lost with the checkpoint that was never written
    const isUnknown = unsaid && fault === undefined && !claims.isAcknowledged(n);
    return isUnknown ? ANY_OUTCOME : codeFor(n, partition, offset, fault);
  }

  return {
    before(partition, record) {
      const n = identify(record);
      if (n === FOREIGN || !claims.mayExist(n) || outcomeFor(claims.faultOf(n)?.label) !== 'ok') return;
      window.admit(n, partition, record.offset);
    },
    take(partition, record) {
      const n = identify(record);
      if (n === FOREIGN) {
        counts.foreign += 1;
        return ANY_OUTCOME;
      }
      counts.records += 1;
      const expected = reasonForNone(claims, n);
      if (expected === null) return takeOwn(n, partition, record);
      const { offset } = record;
      differences.add({ kind: 'not_generated', event: n, partition, offset, expected, found: countOf(1) });
      return ANY_OUTCOME;
    },
    finish: () => ({ ...counts, ...findMissing(claims, { seen, repeats }, differences), byLabel }),
  };
}

const UNLABELLED: LabelledFault = { label: '', copies: 0 };

/** Null when the event may have records. */
function reasonForNone(claims: RunClaims, n: number): string | null {
  if (!claims.mayExist(n)) return 'no such event';
  return outcomeFor(claims.faultOf(n)?.label) === null ? 'kept back on purpose' : null;
}
