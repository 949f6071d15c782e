import { describe, expect, it } from 'vitest';
import { ReelstreamError } from '../../../core/errors.ts';
import {
  createSwitchedEncoder,
  proveRefusal,
  REFUSED_RATING_EVENT,
  SWITCHED_RATING_EVENT,
} from '../../../producer/faults/schema-switch.ts';
import { createDecoder } from '../../../schemas/codec.ts';
import { RATING_EVENT, RATINGS_SUBJECT } from '../../../schemas/contracts.ts';
import { createRatingDecoder, createRatingEncoder } from '../../../schemas/rating-codec.ts';
import { idOf, rating } from '../../helpers/events.ts';

const refusal = (status: number | null) =>
  new ReelstreamError('registry', 'ratings-value was refused', { details: { status } });

describe('version 2 of the schema', () => {
  it('is read by who knows only version 1, whatever its new field holds', () => {
    const decoder = createRatingDecoder();
    decoder.learn(8, SWITCHED_RATING_EVENT.schema);
    const encode = createSwitchedEncoder(8);
    const encodeOld = createRatingEncoder(8);
    const lengths = [1, 2, 3, 4].map((number) => {
      const event = rating({ eventId: idOf(number) });
      const value = encode(event);
      expect(decoder.decode(value).event).toEqual({ ...event, eventId: Buffer.from(event.eventId) });
      return value.length - encodeOld(event).length;
    });
    // null, then the branch, the length and the letters of phone, television and browser
    expect(new Set(lengths)).toEqual(new Set([1, 7, 12, 9]));
  });

  it('reads version 1', () => {
    const reader = createDecoder({
      readerSchema: SWITCHED_RATING_EVENT.schema,
      fromRecord: (record) => record,
    });
    expect(reader.learn(7, RATING_EVENT.schema)).toBe(true);
    expect(reader.decode(createRatingEncoder(7)(rating())).event).toMatchObject({ user_id: 7, device: null });
  });

  it('and the version to be refused add a field to the contract of the same subject', () => {
    for (const { subject, schema } of [SWITCHED_RATING_EVENT, REFUSED_RATING_EVENT]) {
      const { fields, ...rest } = JSON.parse(schema);
      const { fields: known, ...contract } = JSON.parse(RATING_EVENT.schema);
      expect(subject).toBe(RATINGS_SUBJECT);
      expect(rest).toEqual(contract);
      expect(fields.slice(0, -1)).toEqual(known);
    }
    const reader = createDecoder({
      readerSchema: REFUSED_RATING_EVENT.schema,
      fromRecord: (record) => record,
    });
    expect(reader.learn(7, RATING_EVENT.schema)).toBe(false);
  });
});

describe('the refusal', () => {
  it('is proven by a 409 for the incompatible version, after the good one was there', async () => {
    const offered: string[] = [];
    const message = await proveRefusal(async ({ schema }) => {
      offered.push(schema);
      if (schema === REFUSED_RATING_EVENT.schema) throw refusal(409);
      return 1;
    });
    expect(message).toBe('ratings-value was refused');
    expect(offered).toEqual([RATING_EVENT.schema, REFUSED_RATING_EVENT.schema]);
  });

  it('fails loudly when the registry takes the version', async () => {
    await expect(proveRefusal(async () => 12)).rejects.toMatchObject({
      code: 'registry',
      message: expect.stringContaining('took an incompatible version of ratings-value (schema 12)'),
    });
  });

  it.each([
    ['an outage', new ReelstreamError('unavailable', 'away')],
    ['a refusal for another reason', refusal(422)],
    ['a subject with another compatibility', refusal(null)],
  ])('is not proven by %s', async (_, error) => {
    const register = async ({ schema }: { readonly schema: string }) => {
      if (schema === REFUSED_RATING_EVENT.schema) throw error;
      return 1;
    };
    await expect(proveRefusal(register)).rejects.toBe(error);
  });
});
