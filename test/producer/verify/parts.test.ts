import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDedupeWindow } from '../../../core/dedupe-window.ts';
import { createEventIds, readEventId } from '../../../core/event-id.ts';
import { keyOfUser } from '../../../core/user-key.ts';
import { createClaims } from '../../../producer/verify/claims.ts';
import { createDifferences } from '../../../producer/verify/differences.ts';
import { createDuplicateWindow } from '../../../producer/verify/duplicate-window.ts';
import { createIdentify, FOREIGN, userOf } from '../../../producer/verify/identify.ts';
import { createNumberRanges } from '../../../producer/verify/number-ranges.ts';
import { addUpClaims } from '../../../producer/verify/totals.ts';
import { idOf, rating } from '../../helpers/events.ts';
import { footerOf, headerOf, RUN_ID } from '../ledger/fixture.ts';
import { type Book, claimsOf, encode, headersOf } from './fixture.ts';

const identify = createIdentify(RUN_ID);
const recordWith = (value: Buffer | null, headers = new Map<string, string>()) => ({
  offset: 0,
  logTsMs: 0,
  key: null,
  value,
  headers,
});

describe('identify', () => {
  it('reads from the bytes what core/event-id.ts reads from the id', () => {
    const anyRunId = fc.oneof(
      fc.constant(RUN_ID),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 15, maxLength: 15 }),
    );
    fc.assert(
      fc.property(anyRunId, fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.nat(), (runId, n, user) => {
        const eventId = createEventIds(runId)(n);
        const read = readEventId(eventId)!;
        const expected = read.runId === RUN_ID ? read.eventNumber : FOREIGN;
        expect(identify(recordWith(encode(rating({ eventId, userId: user }))))).toBe(expected);
      }),
    );
    expect(identify(recordWith(encode(rating({ eventId: idOf(7) }))))).toBe(FOREIGN);
  });

  it('asks the headers where the bytes hold no id', () => {
    const whole = encode(rating({ eventId: createEventIds(RUN_ID)(5) }));
    const spoilt = [null, Buffer.alloc(0), whole.subarray(0, 20), Buffer.from([9, ...whole.subarray(1)])];
    for (const value of spoilt) {
      expect(identify(recordWith(value))).toBe(FOREIGN);
      expect(identify(recordWith(value, new Map(headersOf(77, 'poison'))))).toBe(77);
      expect(identify(recordWith(value, new Map(headersOf(-1, 'poison'))))).toBe(FOREIGN);
      expect(identify(recordWith(value, new Map(headersOf(7, 'poison', '0000000000000ff'))))).toBe(FOREIGN);
    }
    expect(identify(recordWith(whole.subarray(0, 21)))).toBe(5);
  });

  it('reads user ids from keys, and nothing else', () => {
    fc.assert(
      fc.property(fc.nat(), (user) => {
        expect(userOf(keyOfUser(user))).toBe(user);
      }),
    );
    for (const key of [null, '', '-3', 'k', '1e3', '12345678901234567890']) {
      expect(userOf(key === null ? null : Buffer.from(key))).toBe(-1);
    }
  });
});

describe('the window of duplicates', () => {
  it('answers like the one that the pipeline judges with', () => {
    const anyRecords = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: 1, max: 70_000 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(anyRecords, (records) => {
        const [own, judged] = [createDuplicateWindow(), createDedupeWindow()];
        let offset = 0;
        for (const [n, distance] of records) {
          offset += distance;
          expect(own.admit(n, 0, offset)).toBe(judged.admit(idOf(n), offset));
        }
      }),
    );
  });

  it('keeps partitions apart', () => {
    const window = createDuplicateWindow();
    expect([window.admit(1, 0, 10), window.admit(1, 1, 11), window.admit(1, 1, 12)]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

it('ranges of numbers hold what was added', () => {
  const anyNumbers = fc.uniqueArray(fc.nat({ max: 200 })).map((numbers) => numbers.sort((a, b) => a - b));
  fc.assert(
    fc.property(anyNumbers, fc.integer({ min: 1, max: 4 }), fc.nat({ max: 900 }), (places, step, bound) => {
      const ranges = createNumberRanges(step);
      for (let i = 0; i < places.length; ) {
        let count = 1;
        while (places[i + count] === places[i]! + count) count += 1;
        ranges.add(places[i]! * step, count);
        i += count;
      }
      for (let at = 0; at <= 201; at++) expect(ranges.has(at * step)).toBe(places.includes(at));
      expect(ranges.countBelow(bound)).toBe(places.filter((at) => at * step < bound).length);
    }),
  );
});

describe('where the dead letters of several ledgers begin', () => {
  const log = { clusterId: 'cluster', topic: 'ratings', startOffsets: [5] };
  const lettersOf = (...all: (readonly [topic: string, ...startOffsets: number[]] | null)[]) => {
    const builder = createClaims();
    for (const one of all) {
      const letters =
        one === null ? {} : { letters: { topic: one[0], startOffsets: one.slice(1) as number[] } };
      builder.begin(headerOf({ log: { ...log, ...letters } }));
      builder.end(null);
    }
    return builder.build().log.letters;
  };

  it('is at the lowest end that one of them saw', () => {
    expect(lettersOf(['letters', 9])).toEqual({ topic: 'letters', startOffsets: [9] });
    expect(lettersOf(['letters', 9, 4], ['letters', 3])).toEqual({ topic: 'letters', startOffsets: [3, 0] });
  });

  it('is not known when one of them does not say, or means another topic', () => {
    expect(lettersOf(null)).toBeUndefined();
    expect(lettersOf(['letters', 9], null)).toBeUndefined();
    expect(lettersOf(['letters', 9], ['others', 9])).toBeUndefined();
  });
});

describe('the sums of a ledger', () => {
  const book: Book = {
    first: 6,
    worker: 1,
    workers: 3,
    next: 25,
    failed: [10],
    overloaded: [13, 16],
    faults: [
      [7, 'drop'],
      [19, 'duplicate', 2],
      [22, 'duplicate', 2],
    ],
  };
  // own numbers: 7, 10, 13, 16, 19, 22
  const footer = footerOf({
    generated: 4,
    acknowledged: 2,
    failed: 1,
    overloaded: 2,
    byLabel: { drop: 1, duplicate: 2 },
  });
  const differencesOf = (changes: Partial<typeof footer>) => {
    const differences = createDifferences();
    const totals = addUpClaims(claimsOf({ ...book, footer: { ...footer, ...changes } }), differences);
    return { totals, found: differences.examples().map(({ expected, found }) => `${expected} | ${found}`) };
  };

  it('agree with the footer of a run that wrote down what it did', () => {
    const { totals, found } = differencesOf({});
    expect(found).toEqual([]);
    expect(totals).toMatchObject({ acknowledged: 2, failed: 1, keptBack: 1, overloaded: 2 });
    expect(Object.fromEntries(totals.byLabel)).toEqual({ drop: 1, duplicate: 2 });
  });

  it.each([
    ['acknowledged', { acknowledged: 3 }],
    ['failed', { failed: 0 }],
    ['generated and overloaded', { generated: 3 }],
    ['drop', { byLabel: { duplicate: 2 } }],
    ['late', { byLabel: { drop: 1, duplicate: 2, late: 1 } }],
  ])('differ in %s', (what, changes) => {
    expect(differencesOf(changes).found).toEqual([expect.stringContaining(`${what}: `)]);
  });
});
