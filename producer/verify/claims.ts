import { ReelstreamError } from '../../core/errors.ts';
import type { RunId } from '../../core/event-id.ts';
import type {
  LedgerFooter,
  LedgerHeader,
  LedgerLetters,
  LedgerLog,
  StatementHandlers,
} from '../ledger/ledger.ts';
import { createSessionBuilder, type Session } from './session.ts';

/** What was done to an event on purpose. */
export interface LabelledFault {
  readonly label: string;
  /** records beyond the first */
  readonly copies: number;
}

/** Everything the ledgers of a run say about an event number. */
export interface RunClaims {
  readonly runId: RunId;
  readonly log: LedgerLog;
  readonly sessions: readonly Session[];
  /** numbers that a record of the run can have: first <= n < end */
  readonly first: number;
  readonly end: number;
  /** Numbers that are equal by this modulus were sent by one worker, in rising order. */
  readonly stride: number;
  /** true when some worker may have generated it */
  mayExist(n: number): boolean;
  /** every record of it is in the log, or was kept back on purpose */
  isAcknowledged(n: number): boolean;
  isFailed(n: number): boolean;
  /** Some worker may have sent it without saying so before it was killed: records beyond the promised ones are no surprise. */
  mayBeUnsaid(n: number): boolean;
  faultOf(n: number): LabelledFault | undefined;
  /** labelled events, by number */
  readonly faults: ReadonlyMap<number, LabelledFault>;
}

export interface ClaimsBuilder {
  /** @throws ReelstreamError `usage` when this ledger is of another run or topic than the ones before */
  begin(header: LedgerHeader): StatementHandlers;
  /** of the ledger begun last */
  end(footer: LedgerFooter | null): void;
  /** @throws ReelstreamError `usage` for a run that wrote to no topic */
  build(): RunClaims;
}

export function createClaims(): ClaimsBuilder {
  const sessions: Session[] = [];
  const faults = new Map<number, LabelledFault>();
  const known = new Map<string, LabelledFault>();
  let build: ((footer: LedgerFooter | null) => Session) | null = null;

  /** One object per label and number of copies: there may be millions of faults. */
  const shared = (label: string, copies: number): LabelledFault => {
    const key = `${copies} ${label}`;
    const fault = known.get(key) ?? { label, copies };
    known.set(key, fault);
    return fault;
  };
  return {
    begin(header) {
      requireSameRun(sessions[0]?.header, header);
      const session = createSessionBuilder(header);
      build = session.build;
      return {
        ...session,
        onFault(n, label, copies) {
          faults.set(n, shared(label, copies));
          session.onFault(n, label, copies);
        },
      };
    },
    end(footer) {
      if (build !== null) sessions.push(build(footer));
      build = null;
    },
    build: () => combine(sessions, faults),
  };
}

function combine(sessions: readonly Session[], faults: ReadonlyMap<number, LabelledFault>): RunClaims {
  const runId = sessions[0]?.header.runId;
  const log = commonLog(sessions);
  if (runId === undefined || log === null) {
    throw new ReelstreamError('usage', 'the run of this ledger wrote to no Kafka topic: nothing to verify');
  }
  const saidBelow = Math.min(...sessions.map(({ next }) => next));
  return {
    runId,
    log,
    sessions,
    faults,
    first: Math.min(...sessions.map(({ header }) => header.first)),
    end: Math.max(...sessions.map(({ end }) => end)),
    stride: sessions.map(({ header }) => header.workers).reduce(leastCommonMultiple, 1),
    mayExist: (n) => sessions.some((one) => one.owns(n) && n < one.end && !one.overloaded.has(n)),
    isAcknowledged: (n) =>
      sessions.some((one) => one.owns(n) && n < one.next && !one.failed.has(n) && !one.overloaded.has(n)),
    isFailed: (n) => sessions.some((one) => one.failed.has(n)),
    mayBeUnsaid: (n) =>
      n >= saidBelow &&
      sessions.some((one) => one.owns(n) && n >= one.next && n < one.end && !one.overloaded.has(n)),
    faultOf: (n) => faults.get(n),
  };
}

/** Workers look at the log's end one after the other; the first look counts. */
function commonLog(sessions: readonly Session[]): LedgerLog | null {
  const logs = sessions.flatMap(({ header }) => (header.log === null ? [] : [header.log]));
  const [log] = logs;
  if (log === undefined) return null;
  const { letters: _, ...rest } = log;
  const letters = commonLetters(logs);
  const startOffsets = lowestOffsets(logs.map((one) => one.startOffsets));
  return { ...rest, startOffsets, ...(letters ? { letters } : {}) };
}

/** Where one of them does not say, or means another topic, nothing can be said for all. */
function commonLetters(logs: readonly LedgerLog[]): LedgerLetters | null {
  const letters = logs.flatMap((one) => (one.letters ? [one.letters] : []));
  const topics = new Set(letters.map(({ topic }) => topic));
  const [topic] = topics;
  if (topic === undefined || topics.size > 1 || letters.length < logs.length) return null;
  return { topic, startOffsets: lowestOffsets(letters.map(({ startOffsets }) => startOffsets)) };
}

function lowestOffsets(all: readonly (readonly number[])[]): number[] {
  const partitions = Math.max(...all.map(({ length }) => length));
  return Array.from({ length: partitions }, (_, partition) =>
    Math.min(...all.map((offsets) => offsets[partition] ?? 0)),
  );
}

function requireSameRun(before: LedgerHeader | undefined, header: LedgerHeader): void {
  if (before === undefined) return;
  const isSame =
    before.runId === header.runId &&
    before.log?.clusterId === header.log?.clusterId &&
    before.log?.topic === header.log?.topic;
  if (isSame) return;
  throw new ReelstreamError('usage', `ledgers of two runs: ${before.runId} and ${header.runId}`);
}

function leastCommonMultiple(a: number, b: number): number {
  let [larger, smaller] = [a, b];
  while (smaller !== 0) [larger, smaller] = [smaller, larger % smaller];
  return (a / larger) * b;
}
