import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDedupeWindow, type DedupeWindow } from '../../core/dedupe-window.ts';
import { createJudge, type Decode } from '../../core/judge.ts';
import type { LogRecord } from '../../core/log-record.ts';
import type { RatingEvent } from '../../core/rating-event.ts';
import { DEAD_LETTER_REASONS, type DeadLetterReason, reasonOf } from '../../core/verdict.ts';
import { idOf, KAFKA_TIME_MS, rating } from '../helpers/events.ts';

const record = (offset: number, value: Buffer | null = Buffer.from('bytes')): LogRecord => ({
  offset,
  logTsMs: KAFKA_TIME_MS,
  key: null,
  value,
});

function judgeOne(decode: Decode, one: LogRecord = record(0)) {
  return createJudge({ decode, allowedLatenessMs: 60_000 })(one, createDedupeWindow());
}

const always = (event: RatingEvent) => () => ({ event });

describe('judge', () => {
  it('lets a good event pass', () => {
    expect(judgeOne(always(rating()))).toEqual({ verdict: { kind: 'ok' }, event: rating(), late: false });
  });

  it.each(DEAD_LETTER_REASONS)('makes what the codec cannot read a dead letter: %s', (reason) => {
    expect(judgeOne(() => ({ reason }))).toEqual({
      verdict: { kind: 'dead_letter', reason },
      event: null,
      late: false,
    });
  });

  it('keeps what it read of an event outside the domain', () => {
    const event = rating({ userId: 0 });
    expect(judgeOne(always(event))).toEqual({
      verdict: { kind: 'dead_letter', reason: 'domain' },
      event,
      late: false,
    });
  });

  it('drops canaries, and checks them first', () => {
    const canary = rating({ kind: 'CANARY', userId: 0, movieId: 0, rating: null });
    expect(judgeOne(always(canary))).toMatchObject({ verdict: { kind: 'drop', reason: 'canary' } });
    expect(judgeOne(always({ ...canary, movieId: 1 }))).toMatchObject({ verdict: { reason: 'domain' } });
  });

  it('marks a late event and counts it all the same', () => {
    const event = rating({ tsMs: KAFKA_TIME_MS - 60_001 });
    expect(judgeOne(always(event))).toEqual({ verdict: { kind: 'ok' }, event, late: true });
  });

  it('remembers only the ids of ok records', () => {
    const judge = createJudge({
      decode: (value) => ({ event: rating({ userId: value![0]!, kind: value![1] ? 'CANARY' : 'RATED' }) }),
      allowedLatenessMs: 0,
    });
    const window = createDedupeWindow();
    const kinds = [Buffer.of(0, 0), Buffer.of(7, 1), Buffer.of(7, 0), Buffer.of(7, 0)].map(
      (value, offset) => judge(record(offset, value), window) as { verdict: { kind: string } },
    );
    // the canary carries a film: outside the domain like the first; then the id is new, then it is not
    expect(kinds.map((one) => one.verdict.kind)).toEqual(['dead_letter', 'dead_letter', 'ok', 'drop']);
  });

  it('gives no verdict and remembers nothing while the schema is not known', () => {
    let known = false;
    const decode: Decode = () => (known ? { event: rating() } : { unresolved: 42 });
    const judge = createJudge({ decode, allowedLatenessMs: 0 });
    const window = createDedupeWindow();
    expect(judge(record(5), window)).toBeNull();
    known = true;
    expect(judge(record(5), window)).toMatchObject({ verdict: { kind: 'ok' } });
  });
});

/** A log as the property sees it: what the codec would say about each record, and the schema it needs. */
interface Entry {
  readonly gap: number;
  readonly schema: number;
  readonly fault: DeadLetterReason | null;
  readonly id: number;
  readonly userId: number;
  readonly kind: 'RATED' | 'CANARY';
  readonly ageMs: number;
}

const entry: fc.Arbitrary<Entry> = fc.record({
  gap: fc.constantFrom(1, 1, 1, 3),
  schema: fc.constantFrom(1, 1, 1, 2),
  fault: fc.constantFrom(null, null, null, null, 'bad_magic' as const, 'decode' as const),
  id: fc.nat(12),
  userId: fc.constantFrom(0, 1, 2),
  kind: fc.constantFrom('RATED' as const, 'RATED' as const, 'CANARY' as const),
  ageMs: fc.constantFrom(0, 1_000, 10_000_000, -301_000),
});

/**
 * Replays a log from the beginning. `outages`: at these steps schema 2 is not yet resolved, so the record is judged
 * again; `restarts`: before these steps the window is rebuilt from what was `ok`, as after a crash.
 */
function replay(
  log: readonly Entry[],
  outages: ReadonlySet<number>,
  restarts: ReadonlySet<number>,
): string[] {
  let step = 0;
  let away = false;
  const decode: Decode = () => {
    const { schema, fault, id, userId, kind, ageMs } = log[step]!;
    if (away && schema === 2) return { unresolved: 2 };
    if (fault) return { reason: fault };
    const isCanary = kind === 'CANARY';
    const changes = isCanary ? { movieId: 0, rating: null } : {};
    return { event: rating({ eventId: idOf(id), userId, kind, tsMs: KAFKA_TIME_MS - ageMs, ...changes }) };
  };
  const judge = createJudge({ decode, allowedLatenessMs: 5_000 });
  const accepted: { offset: number; id: number }[] = [];
  let window: DedupeWindow = createDedupeWindow(20);
  let offset = 0;
  return log.map(({ gap, id }, at) => {
    step = at;
    offset += gap;
    if (restarts.has(at)) window = rebuilt(accepted.filter((one) => one.offset >= offset - 20));
    away = outages.has(at);
    let judgement = judge(record(offset), window);
    if (judgement === null) {
      away = false;
      judgement = judge(record(offset), window);
    }
    if (judgement === null) throw new Error('the registry is back');
    if (judgement.verdict.kind === 'ok') accepted.push({ offset, id });
    return `${judgement.verdict.kind} ${reasonOf(judgement.verdict)} ${judgement.late}`;
  });
}

function rebuilt(accepted: readonly { offset: number; id: number }[]): DedupeWindow {
  const bytes = accepted.map(({ offset, id }) => {
    const one = Buffer.alloc(24);
    one.writeBigUInt64LE(BigInt(offset));
    one.set(idOf(id), 8);
    return one;
  });
  return createDedupeWindow(20, Buffer.concat(bytes));
}

describe('a verdict is a function of the log', () => {
  it('is the same however often the log is read, across restarts and registry outages', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 80 }),
        fc.array(fc.nat(79)),
        fc.array(fc.nat(79)),
        (log, outages, restarts) => {
          const undisturbed = replay(log, new Set(), new Set());
          expect(replay(log, new Set(outages), new Set(restarts))).toEqual(undisturbed);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('does not look at the clock', () => {
    const log: Entry[] = Array.from({ length: 50 }, (_, i) => ({
      gap: 1,
      schema: 1,
      fault: null,
      id: i % 30,
      userId: 1,
      kind: 'RATED',
      ageMs: i * 500,
    }));
    const today = replay(log, new Set(), new Set());
    const realNow = Date.now;
    Date.now = () => 0;
    try {
      expect(replay(log, new Set(), new Set())).toEqual(today);
    } finally {
      Date.now = realNow;
    }
  });
});
