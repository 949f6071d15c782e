import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_KINDS, type RatingEvent } from '../../core/rating-event.ts';
import { createDecoder } from '../../schemas/codec.ts';
import { RATING_EVENT, USER_PROFILE } from '../../schemas/contracts.ts';
import { createRatingDecoder, createRatingEncoder } from '../../schemas/rating-codec.ts';
import { createUserProfileDecoder, createUserProfileEncoder } from '../../schemas/user-profile-codec.ts';
import { GOLDEN_SCHEMA_ID, RATING_EVENT_V1, USER_PROFILE_V1 } from './golden.ts';

const EVENT = RATING_EVENT_V1.event;
const encode = createRatingEncoder(GOLDEN_SCHEMA_ID);

function decoder(options: { maxBytes?: number } = {}) {
  const made = createRatingDecoder(options);
  made.learn(GOLDEN_SCHEMA_ID, RATING_EVENT.schema);
  return made;
}

/** The Avro body of EVENT, for breaking one field of it: id 16 bytes, then user, film, kind, union index, float, ts, source. */
function broken(field: 'userId' | 'kind' | 'union' | 'ts' | 'source', replacement: number[]): Buffer {
  const user = [0xc4, 0x09];
  const film = [0xfc, 0x04];
  const parts: Record<string, number[]> = {
    header: [0, 0, 0, 0, GOLDEN_SCHEMA_ID],
    id: [...EVENT.eventId],
    userId: user,
    film,
    kind: [0],
    union: [2],
    float: [0, 0, 0x90, 0x40],
    ts: [0xa0, 0xa1, 0xed, 0x84, 0xfa, 0x56],
    source: [0],
  };
  parts[field] = replacement;
  return Buffer.from(Object.values(parts).flat());
}

describe('the rating codec', () => {
  const events = fc.record<RatingEvent>({
    eventId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    userId: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    movieId: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    kind: fc.constantFrom(...EVENT_KINDS),
    rating: fc.option(fc.integer({ min: 0, max: 10 }).map((n) => n / 2)),
    tsMs: fc.integer({ min: -(2 ** 52) + 1, max: 2 ** 52 - 1 }),
    source: fc.string({ unit: 'binary', maxLength: 200 }).filter((text) => !/\p{Surrogate}/u.test(text)),
  });

  it('reads back what it wrote, for any event', () => {
    const { decode } = decoder();
    fc.assert(
      fc.property(events, (event) => {
        const { event: read } = decode(encode(event));
        expect(read).toEqual({ ...event, eventId: Buffer.from(event.eventId) });
      }),
      { numRuns: 500 },
    );
  });

  it('hands out bytes that later events do not overwrite, beyond one slab and with events larger than a slab', () => {
    const { decode } = decoder();
    const sources = Array.from({ length: 3_000 }, (_, i) => 'x'.repeat(i % 1_000 === 999 ? 100_000 : i % 80));
    const values = sources.map((source) => encode({ ...EVENT, source }));
    expect(values.map((value) => decode(value).event?.source)).toEqual(sources);
  });

  it('refuses an event that does not fit the schema and goes on with the next', () => {
    expect(() => encode({ ...EVENT, userId: 2 ** 31 })).toThrow(/does not fit/);
    expect(() => encode({ ...EVENT, eventId: Buffer.alloc(15) })).toThrow(/does not fit/);
    expect(decoder().decode(encode(EVENT)).event?.userId).toBe(EVENT.userId);
  });

  it('copies the event id, so that a kept id does not keep the whole fetch', () => {
    const value = Buffer.from(encode(EVENT));
    const { event } = decoder().decode(value);
    value.fill(0);
    expect(Buffer.from(event!.eventId)).toEqual(EVENT.eventId);
  });
});

describe('golden records', () => {
  it('version 1 of the rating event is readable for ever and still written the same', () => {
    const value = Buffer.from(RATING_EVENT_V1.hex, 'hex');
    expect(decoder().decode(value).event).toEqual(RATING_EVENT_V1.event);
    expect(encode(RATING_EVENT_V1.event).toString('hex')).toBe(RATING_EVENT_V1.hex);
  });

  it('version 1 of the user profile is readable for ever and still written the same', () => {
    const { decode, learn } = createUserProfileDecoder();
    learn(GOLDEN_SCHEMA_ID, USER_PROFILE.schema);
    expect(decode(Buffer.from(USER_PROFILE_V1.hex, 'hex')).event).toEqual(USER_PROFILE_V1.profile);
    const encodeProfile = createUserProfileEncoder(GOLDEN_SCHEMA_ID);
    expect(encodeProfile(USER_PROFILE_V1.profile).toString('hex')).toBe(USER_PROFILE_V1.hex);
  });
});

describe('schema versions', () => {
  const v1 = JSON.parse(RATING_EVENT.schema);
  const v2 = JSON.stringify({
    ...v1,
    fields: [...v1.fields, { name: 'device', type: ['null', 'string'], default: null }],
  });

  it('reads bytes of version 1 under a reader of version 2, with the default', () => {
    const { decode, learn } = createDecoder({ readerSchema: v2, fromRecord: (record) => ({ ...record }) });
    expect(learn(GOLDEN_SCHEMA_ID, RATING_EVENT.schema)).toBe(true);
    expect(decode(encode(EVENT)).event).toMatchObject({ user_id: 610, source: 'replay', device: null });
  });

  it('reads bytes of version 2 under a reader of version 1', () => {
    const made = createRatingDecoder();
    expect(made.learn(8, v2)).toBe(true);
    const bytes = Buffer.concat([encode(EVENT), Buffer.from([2, 4, 0x74, 0x76])]); // device "tv"
    bytes.writeInt32BE(8, 1);
    expect(made.decode(bytes).event).toEqual(EVENT);
  });

  it.each([
    ['not JSON', 'syntax = "proto3";'],
    ['not Avro', '{"type":"object","properties":{}}'],
    ['another record', '{"type":"record","name":"Other","fields":[{"name":"a","type":"int"}]}'],
    [
      'a field of another type',
      RATING_EVENT.schema.replace('"user_id", "type": "int"', '"user_id", "type": "string"'),
    ],
  ])('answers decode for every value of a writer schema that is %s', (_, schema) => {
    const made = createRatingDecoder();
    expect(made.learn(9, schema)).toBe(false);
    const value = Buffer.from(encode(EVENT));
    value.writeInt32BE(9, 1);
    expect(made.decode(value).reason).toBe('decode');
  });
});

describe('bad bytes', () => {
  const good = encode(EVENT);
  it.each([
    ['too_large', Buffer.alloc(1_000_001)],
    ['too_large', Buffer.alloc(1_000_001, 0xff)],
    ['bad_magic', Buffer.alloc(0)],
    ['bad_magic', Buffer.from([0, 0, 0, 0])],
    ['bad_magic', Buffer.from('{"user_id":1,"movie_id":2}')],
    ['decode', null],
    ['decode', good.subarray(0, 5)],
    ['decode', good.subarray(0, good.length - 1)],
    ['decode', broken('kind', [12])],
    ['decode', broken('kind', [1])],
    ['decode', broken('union', [4])],
    ['decode', broken('union', [1])],
    ['decode', broken('userId', [0x80, 0x80, 0x80, 0x80, 0x10])],
    ['decode', broken('userId', Array(30).fill(0xff).concat(1))],
    ['decode', broken('ts', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])],
    ['decode', broken('ts', Array(300).fill(0xff).concat(1))],
    ['decode', broken('ts', [0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10])],
    ['decode', broken('source', [0xfe, 0xff, 0xff, 0xff, 0x0f])],
    ['decode', broken('source', [1])],
    ['trailing_bytes', Buffer.concat([good, Buffer.from([0])])],
  ] as const)('%s', (reason, value) => {
    expect(decoder().decode(value as Buffer | null).reason).toBe(reason);
  });

  it('takes what lies within the limits', () => {
    expect(decoder().decode(broken('source', [0])).event).toMatchObject({ userId: 610, tsMs: EVENT.tsMs });
    expect(decoder({ maxBytes: good.length }).decode(good).event).toEqual(EVENT);
    expect(decoder({ maxBytes: good.length - 1 }).decode(good).reason).toBe('too_large');
  });

  it('names a schema id it was not told about, and believes what it is told', () => {
    const made = createRatingDecoder();
    expect(made.decode(good)).toEqual({ unresolved: GOLDEN_SCHEMA_ID });
    made.learnUnknown(GOLDEN_SCHEMA_ID);
    expect(made.decode(good).reason).toBe('unknown_schema');
    made.learn(GOLDEN_SCHEMA_ID, RATING_EVENT.schema);
    expect(made.decode(good).event).toEqual(EVENT);
  });

  it('forgets the oldest ids instead of growing without bound', () => {
    const made = createRatingDecoder();
    made.learn(GOLDEN_SCHEMA_ID, RATING_EVENT.schema);
    for (let id = 100; id < 10_100; id++) made.learnUnknown(id);
    expect(made.decode(good)).toEqual({ unresolved: GOLDEN_SCHEMA_ID });
  });

  it('never throws and always answers, whatever the bytes', () => {
    const made = decoder();
    const anything = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    const underOurId = anything.map((bytes) => Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), bytes]));
    const mutated = fc
      .tuple(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length))
      .map(([at, byte, length]) => {
        const value = Buffer.from(good);
        value[at] = byte;
        return value.subarray(0, length);
      });
    fc.assert(
      fc.property(fc.oneof(anything, underOurId, mutated), (value) => {
        const { event, reason, unresolved } = made.decode(value);
        expect([event, reason, unresolved].filter((outcome) => outcome !== undefined)).toHaveLength(1);
      }),
      { numRuns: 10_000 },
    );
  });
});
