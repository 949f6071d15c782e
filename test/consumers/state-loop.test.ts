import { describe, expect, it } from 'vitest';
import { StateLoop, type Turns } from '../../consumers/state-loop.ts';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { waitUntil } from '../helpers/wait-until.ts';

type Event = { readonly kind: 'add'; readonly n: number } | { readonly kind: 'break' };

function start(changed: Partial<Turns<Event>> = {}) {
  const loop = new StateLoop<Event>(systemClock);
  const seen = { sum: 0, turns: 0, failures: [] as string[] };
  const turns: Turns<Event> = {
    handlers: {
      add: ({ n }) => {
        seen.sum += n;
      },
      break: () => {
        throw new ReelstreamError('unknown', 'broken');
      },
    },
    advance: () => {
      seen.turns++;
    },
    waitMs: () => 60_000,
    failed: ({ message }) => seen.failures.push(message),
    ...changed,
  };
  loop.run(turns);
  return { loop, seen };
}

describe('the loop that owns the state', () => {
  it('handles what was posted in one turn, and ends without waiting', async () => {
    const { loop, seen } = start();
    loop.post({ kind: 'add', n: 1 });
    loop.post({ kind: 'add', n: 2 });
    await waitUntil('both are added', 5_000, () => seen.sum === 3);
    await loop.end();
    expect(seen.turns).toBe(2);
    expect(loop.isRunning).toBe(false);
    loop.finish();
    await loop.done;
  });

  it('turns at once when it is woken, also between two turns', async () => {
    const { loop, seen } = start();
    loop.wake();
    await waitUntil('it turns', 5_000, () => seen.turns === 1);
    loop.wake();
    await waitUntil('it turns again', 5_000, () => seen.turns === 2);
    await loop.end();
  });

  it('goes on after a step that threw, so that what is left can be drained, and says so once it is asked', async () => {
    const { loop, seen } = start();
    loop.post({ kind: 'break' });
    loop.post({ kind: 'add', n: 5 });
    await waitUntil('the next event is handled', 5_000, () => seen.sum === 5);
    expect(seen.failures).toEqual(['broken']);
    await loop.end();
    loop.finish();
    await expect(loop.done).rejects.toThrow('broken');
  });

  it('says so when nobody can tell how long to wait, and can still be ended', async () => {
    const waitMs = () => {
      throw new ReelstreamError('unknown', 'no time');
    };
    const { loop, seen } = start({ waitMs });
    await waitUntil('it is told', 5_000, () => seen.failures.length > 0);
    await loop.end();
    await expect(loop.done).rejects.toThrow('no time');
  });

  it('tells of a failure in its last turn', async () => {
    const { loop, seen } = start();
    loop.post({ kind: 'break' });
    await loop.end();
    expect(seen.failures).toEqual(['broken']);
  });

  it('is not alive when it has not turned for a minute', async () => {
    let nowMs = 0;
    const loop = new StateLoop<Event>({ ...systemClock, monotonicMs: () => nowMs });
    expect(loop.isAlive()).toBe(true);
    nowMs = 61_000;
    expect(loop.isAlive()).toBe(false);
  });
});
