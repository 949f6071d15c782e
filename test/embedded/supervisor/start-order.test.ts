import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inStartOrder, inStopOrder, toWaves } from '../../../embedded/supervisor/start-order.ts';

/** Items that only come after earlier ones: every such list can be started. */
const plans = fc
  .integer({ min: 1, max: 8 })
  .chain((count) =>
    fc.tuple(
      ...Array.from({ length: count }, (_, i) =>
        fc.subarray(Array.from({ length: i }, (__, k) => `p${k}`)).map((after) => ({ name: `p${i}`, after })),
      ),
    ),
  )
  .chain((items) => fc.shuffledSubarray(items, { minLength: items.length }));

describe('start order', () => {
  it('nothing starts before what it comes after has been started, and stopping is the exact reverse', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (items) => {
        const up = new Set<string>();
        await inStartOrder(items, async ({ name, after }) => {
          expect(after.filter((other) => !up.has(other))).toEqual([]);
          await Promise.resolve();
          up.add(name);
        });
        expect(up.size).toBe(items.length);
        await inStopOrder(items, async ({ name }) => {
          const users = items.filter((item) => item.after.includes(name) && up.has(item.name));
          expect(users).toEqual([]);
          await Promise.resolve();
          up.delete(name);
        });
        expect(up.size).toBe(0);
      }),
    );
  });

  const chain = [
    { name: 'kafka', after: [] },
    { name: 'registry', after: ['kafka'] },
    { name: 'clickhouse', after: [] },
    { name: 'sink', after: ['registry', 'clickhouse', 'not in this plan'] },
  ];

  it('starts side by side what does not depend on each other', () => {
    expect(toWaves(chain).map((wave) => wave.map(({ name }) => name))).toEqual([
      ['kafka', 'clickhouse'],
      ['registry'],
      ['sink'],
    ]);
  });

  it('a failed start keeps what comes after it from starting, and nothing else', async () => {
    const started: string[] = [];
    const outcomes = await inStartOrder(chain, async ({ name }) => {
      if (name === 'registry') throw new Error('no');
      started.push(name);
    });
    expect(started.sort()).toEqual(['clickhouse', 'kafka']);
    expect([...outcomes].filter(([, { status }]) => status === 'rejected').map(([name]) => name)).toEqual([
      'registry',
      'sink',
    ]);
  });

  it('a failed stop keeps nothing else running and is reported', async () => {
    const stopped: string[] = [];
    const outcomes = await inStopOrder(chain, async ({ name }) => {
      if (name === 'sink') throw new Error('no');
      stopped.push(name);
    });
    expect(stopped.sort()).toEqual(['clickhouse', 'kafka', 'registry']);
    expect(outcomes.get('sink')?.status).toBe('rejected');
    expect(outcomes.get('kafka')?.status).toBe('fulfilled');
  });

  it('refuses a circle', () => {
    const circle = [
      { name: 'a', after: ['b'] },
      { name: 'b', after: ['a'] },
    ];
    expect(() => toWaves(circle)).toThrow('a, b wait for each other');
  });
});
