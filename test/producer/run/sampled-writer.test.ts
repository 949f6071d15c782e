import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../core/clock.ts';
import { keyOfUser } from '../../../core/user-key.ts';
import { createSampledWriter, sampleOfKeys } from '../../../producer/run/sampled-writer.ts';
import { MemoryWriter } from './memory-writer.ts';

const USERS = 20_000;
const ONE_IN = 100;

function openBoth() {
  const clock = createManualClock();
  const plain = new MemoryWriter(clock);
  const reported = new MemoryWriter(clock);
  const isEven = (key: Buffer) => Number(key.toString()) % 2 === 0;
  return { plain, reported, both: createSampledWriter(plain, reported, isEven) };
}

describe('a sample of users', () => {
  it('is about one in so many of them, and always the same ones', () => {
    const isSampled = sampleOfKeys(ONE_IN);
    const users = Array.from({ length: USERS }, (_, i) => keyOfUser(i + 1));
    const chosen = users.map(isSampled);
    const share = chosen.filter(Boolean).length / USERS;
    expect(share).toBeGreaterThan(0.7 / ONE_IN);
    expect(share).toBeLessThan(1.3 / ONE_IN);
    expect(users.map(sampleOfKeys(ONE_IN))).toEqual(chosen);
  });

  it('is everybody when it is one in one', () => {
    fc.assert(fc.property(fc.nat(), (user) => sampleOfKeys(1)(keyOfUser(user))));
  });
});

describe('two clients as one', () => {
  it('send all records of a user the same way, in their order', () => {
    const { plain, reported, both } = openBoth();
    for (let n = 0; n < 40; n++) both.tryWrite(keyOfUser(1 + (n % 4)), Buffer.from(String(n)), n);
    expect(new Set(plain.records.map(({ key }) => key))).toEqual(new Set(['1', '3']));
    expect(new Set(reported.records.map(({ key }) => key))).toEqual(new Set(['2', '4']));
    for (const { records } of [plain, reported]) {
      const tags = records.map(({ tag }) => tag);
      expect(tags).toEqual([...tags].sort((a, b) => a - b));
    }
  });

  it('pass on placement, refusals and records without a key', () => {
    const { plain, reported, both } = openBoth();
    both.tryWrite(null, null, 7);
    both.tryWrite(keyOfUser(2), null, 8, { partition: 3, headers: null });
    expect(plain.records[0]).toMatchObject({ tag: 7 });
    expect(reported.records[0]!.placement).toEqual({ partition: 3, headers: null });
    reported.capacity = 1;
    expect(both.tryWrite(keyOfUser(2), null, 9)).toBe(false);
    expect(both.tryWrite(keyOfUser(1), null, 9)).toBe(true);
  });

  it('count together, and flush only when both have', async () => {
    const { plain, reported, both } = openBoth();
    for (let user = 1; user <= 6; user++) both.tryWrite(keyOfUser(user), Buffer.of(user), user);
    plain.lose();
    expect(both.counts()).toEqual({ enqueued: 6, acked: 0, failed: 1 });
    expect(await both.flush(1_000)).toEqual({ enqueued: 6, acked: 5, failed: 1 });
    expect(plain.flushes + reported.flushes).toBe(2);
    plain.die();
    await expect(both.flush(1_000)).rejects.toMatchObject({ code: 'kafka' });
    await expect(both.room()).rejects.toMatchObject({ code: 'kafka' });
  });
});
