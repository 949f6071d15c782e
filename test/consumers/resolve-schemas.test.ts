import { describe, expect, it } from 'vitest';
import { createResolveSchemas } from '../../consumers/resolve-schemas.ts';
import { createManualClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';

function scripted(answer: (schemaId: number, times: number) => string | null) {
  const clock = createManualClock();
  const asked: number[] = [];
  const taught = new Map<number, string | null>();
  const resolve = createResolveSchemas({
    schemaOf: async (schemaId) => {
      asked.push(schemaId);
      return answer(schemaId, asked.filter((one) => one === schemaId).length);
    },
    decoder: {
      learn(schemaId, schema) {
        taught.set(schemaId, schema);
        return schema !== 'not a rating';
      },
      learnUnknown: (schemaId) => void taught.set(schemaId, null),
    },
    clock,
    logger: silentLogger,
    retryMinMs: 100,
    retryMaxMs: 1_000,
  });
  return { clock, asked, taught, resolve };
}

const away = () => {
  throw new ReelstreamError('unavailable', 'registry away');
};

describe('resolving schemas', () => {
  it('teaches the decoder every answer, the missing ones too', async () => {
    const s = scripted((schemaId) => (schemaId === 2 ? null : schemaId === 3 ? 'not a rating' : 'a schema'));
    await s.resolve([1, 2, 3], new AbortController().signal);
    expect([...s.taught]).toEqual([
      [1, 'a schema'],
      [2, null],
      [3, 'not a rating'],
    ]);
  });

  it('asks again for as long as the registry is away, with longer and longer waits', async () => {
    const s = scripted((_, times) => (times < 8 ? away() : 'a schema'));
    const resolved = s.resolve([1], new AbortController().signal);
    await s.clock.advance(0);
    await s.clock.advance(100 + 200 + 400 + 800);
    expect(s.asked.length).toBe(5);
    await s.clock.advance(3_000);
    await resolved;
    expect(s.asked.length).toBe(8);
    expect(s.taught.get(1)).toBe('a schema');
  });

  it('does not let one id that waits hold back the others', async () => {
    const s = scripted((schemaId) => (schemaId === 1 ? away() : 'a schema'));
    void s.resolve([1, 2], new AbortController().signal);
    await s.clock.advance(0);
    expect(s.taught.get(2)).toBe('a schema');
  });

  it('ends when nobody waits any more', async () => {
    const s = scripted(away);
    const stop = new AbortController();
    const resolved = s.resolve([1], stop.signal);
    await s.clock.advance(250);
    stop.abort();
    await resolved;
    const { length } = s.asked;
    await s.clock.advance(60_000);
    expect(s.asked.length).toBe(length);
    expect(s.taught.size).toBe(0);
  });

  it('passes on what asking again cannot cure', async () => {
    const s = scripted(() => {
      throw new TypeError('a bug');
    });
    await expect(s.resolve([1], new AbortController().signal)).rejects.toMatchObject({ code: 'unknown' });
  });
});
