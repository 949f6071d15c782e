/**
 * Chapter 1: verdicts.
 *
 * Every record of the ratings topic gets exactly one verdict: `ok`, `drop` or `dead_letter`. The kernel that decides is
 * `core/judge.ts`; the sink and the recommender use the same one, so a record counts in both or in neither.
 */
import { describe, expect, it } from 'vitest';
import { createDedupeWindow } from '../../core/dedupe-window.ts';
import { createJudge } from '../../core/judge.ts';
import type { LogRecord } from '../../core/log-record.ts';
import { DEAD_LETTER_REASONS, DROP_REASONS } from '../../core/verdict.ts';
import { RATING_EVENT } from '../../schemas/contracts.ts';
import { createRatingDecoder, createRatingEncoder } from '../../schemas/rating-codec.ts';
import { idOf, KAFKA_TIME_MS, rating } from '../helpers/events.ts';

const SCHEMA_ID = 1;
const encode = createRatingEncoder(SCHEMA_ID);

/** A log of one partition, its records five offsets apart, and somebody who reads it from the start. */
function openLog() {
  const decoder = createRatingDecoder();
  decoder.learn(SCHEMA_ID, RATING_EVENT.schema);
  const judge = createJudge({ decode: decoder.decode, allowedLatenessMs: 24 * 3_600_000 });
  const window = createDedupeWindow();
  let offset = 0;
  return {
    decoder,
    read(value: Buffer | null, at = offset + 5) {
      offset = at;
      const record: LogRecord = { offset, logTsMs: KAFKA_TIME_MS, key: null, value };
      return judge(record, window);
    },
  };
}

describe('1. There are three verdicts', () => {
  it('ok: the event counts', () => {
    expect(openLog().read(encode(rating()))).toMatchObject({ verdict: { kind: 'ok' } });
  });

  it('drop: a good record that counts for nothing; raw keeps it with its reason', () => {
    expect(DROP_REASONS).toEqual(['duplicate', 'canary']);
  });

  it('dead_letter: nobody can use the record; raw keeps its place, the dead-letter topic keeps its bytes', () => {
    expect(DEAD_LETTER_REASONS).toEqual([
      'bad_magic',
      'unknown_schema',
      'decode',
      'trailing_bytes',
      'domain',
      'too_large',
    ]);
  });
});

describe('2. First the bytes are read', () => {
  it('a value must begin with a zero byte and a schema id', () => {
    expect(openLog().read(Buffer.from('hello'))).toMatchObject({ verdict: { reason: 'bad_magic' } });
  });

  it('then it must be one Avro record of that schema, no more and no less', () => {
    const good = encode(rating());
    expect(openLog().read(good.subarray(0, good.length - 1))).toMatchObject({
      verdict: { reason: 'decode' },
    });
    expect(openLog().read(Buffer.concat([good, good]))).toMatchObject({
      verdict: { reason: 'trailing_bytes' },
    });
  });

  it('a tombstone says nothing about a rating', () => {
    expect(openLog().read(null)).toMatchObject({ verdict: { reason: 'decode' } });
  });

  it('without the schema there is no verdict yet: the partition waits for the registry', () => {
    const log = openLog();
    const foreign = createRatingEncoder(42)(rating());
    expect(log.read(foreign)).toBeNull();
    log.decoder.learn(42, RATING_EVENT.schema);
    expect(log.read(foreign)).toMatchObject({ verdict: { kind: 'ok' } });
  });

  it('only when the registry is certain that there is no such schema, the record is a dead letter', () => {
    const log = openLog();
    log.decoder.learnUnknown(42);
    expect(log.read(createRatingEncoder(42)(rating()))).toMatchObject({
      verdict: { reason: 'unknown_schema' },
    });
  });
});

describe('3. Then the event must mean something', () => {
  it('a rating has half steps from 0 to 5, a user and a film', () => {
    expect(openLog().read(encode(rating({ rating: 3.25 })))).toMatchObject({ verdict: { reason: 'domain' } });
    expect(openLog().read(encode(rating({ userId: 0 })))).toMatchObject({ verdict: { reason: 'domain' } });
    expect(openLog().read(encode(rating({ movieId: 0 })))).toMatchObject({ verdict: { reason: 'domain' } });
  });

  it('its time is compared with the time Kafka got it, not with ours', () => {
    const fromTheFuture = rating({ tsMs: KAFKA_TIME_MS + 6 * 60_000 });
    expect(openLog().read(encode(fromTheFuture))).toMatchObject({ verdict: { reason: 'domain' } });
    const aLittleAhead = rating({ tsMs: KAFKA_TIME_MS + 4 * 60_000 });
    expect(openLog().read(encode(aLittleAhead))).toMatchObject({ verdict: { kind: 'ok' } });
  });

  it('late is a mark and not a verdict: ratings of 1996 count', () => {
    const old = rating({ tsMs: Date.UTC(1996, 2, 29) });
    expect(openLog().read(encode(old))).toMatchObject({ verdict: { kind: 'ok' }, late: true });
  });
});

describe('4. Then it must be new', () => {
  it('the second event with an id is a duplicate, whatever else it says', () => {
    const log = openLog();
    log.read(encode(rating({ eventId: idOf(9), rating: 4 })));
    const again = log.read(encode(rating({ eventId: idOf(9), rating: 1 })));
    expect(again).toMatchObject({ verdict: { kind: 'drop', reason: 'duplicate' } });
  });

  it('"new" means: not among the last 100,000 offsets of its partition', () => {
    const log = openLog();
    const value = encode(rating({ eventId: idOf(9) }));
    log.read(value, 1_000);
    expect(log.read(value, 101_000)).toMatchObject({ verdict: { reason: 'duplicate' } });
    expect(log.read(value, 101_001)).toMatchObject({ verdict: { kind: 'ok' } });
  });

  it('what did not count is not remembered', () => {
    const log = openLog();
    log.read(encode(rating({ eventId: idOf(9), userId: 0 })));
    expect(log.read(encode(rating({ eventId: idOf(9) })))).toMatchObject({ verdict: { kind: 'ok' } });
  });

  it("a canary is the watchers' own: it is dropped, each time it comes", () => {
    const log = openLog();
    const canary = encode(rating({ kind: 'CANARY', userId: 0, movieId: 0, rating: null }));
    expect(log.read(canary)).toMatchObject({ verdict: { reason: 'canary' } });
    expect(log.read(canary)).toMatchObject({ verdict: { reason: 'canary' } });
  });
});
