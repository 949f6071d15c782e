import { beforeAll, describe, expect, it } from 'vitest';
import {
  createSwitchedEncoder,
  proveRefusal,
  SWITCHED_RATING_EVENT,
} from '../../../producer/faults/schema-switch.ts';
import { RATING_EVENT, RATINGS_SUBJECT, type SchemaContract } from '../../../schemas/contracts.ts';
import { createRatingDecoder } from '../../../schemas/rating-codec.ts';
import { createRegistry, type Registry } from '../../../schemas/registry.ts';
import { rating } from '../../helpers/events.ts';
import { sharedRegistry } from '../../helpers/shared.ts';

describe('schema faults at a real registry', () => {
  let url: string;
  const open = (): Registry => createRegistry({ url, witnessSubject: RATINGS_SUBJECT });
  beforeAll(async () => {
    url = await sharedRegistry();
  });

  it('takes version 2, whose bytes are read as version 1, and goes on knowing version 1', async () => {
    const registry = open();
    const firstId = await registry.register(RATING_EVENT);
    const secondId = await registry.register(SWITCHED_RATING_EVENT);
    expect(secondId).not.toBe(firstId);
    expect(await open().register(RATING_EVENT)).toBe(firstId);
    expect(await open().register(SWITCHED_RATING_EVENT)).toBe(secondId);

    const decoder = createRatingDecoder();
    expect(decoder.learn(secondId, (await open().schemaOf(secondId))!)).toBe(true);
    const event = rating();
    expect(decoder.decode(createSwitchedEncoder(secondId)(event)).event).toEqual({
      ...event,
      eventId: Buffer.from(event.eventId),
    });
  });

  it('refuses the incompatible version, before and after the switch', async () => {
    const registry = open();
    expect(await proveRefusal(registry.register)).toContain(RATINGS_SUBJECT);
    await registry.register(SWITCHED_RATING_EVENT);
    expect(await proveRefusal(registry.register)).toContain(RATINGS_SUBJECT);
  });

  it('fails loudly where the registry takes everything', async () => {
    const subject = 'unguarded-value';
    const ask = async (method: 'POST' | 'PUT', path: string, body: object): Promise<unknown> => {
      const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
      const answer = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) });
      expect(answer.status).toBe(200);
      return answer.json();
    };
    const register = async ({ schema }: SchemaContract): Promise<number> =>
      ((await ask('POST', `/subjects/${subject}/versions`, { schema })) as { readonly id: number }).id;
    await register(RATING_EVENT);
    await ask('PUT', `/config/${subject}`, { compatibility: 'NONE' });

    await expect(proveRefusal(register)).rejects.toMatchObject({
      code: 'registry',
      message: expect.stringContaining('took an incompatible version'),
    });
    // the client itself refuses such a subject, which is no proof either
    const unguarded = (contract: SchemaContract) => open().register({ ...contract, subject });
    await expect(proveRefusal(unguarded)).rejects.toMatchObject({ details: { subject, status: null } });
  });
});
