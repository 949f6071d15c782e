import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../core/clock.ts';
import { withDeadline, withStallDeadline } from '../../core/deadline.ts';

describe('deadline', () => {
  it('passes on what the work answers in time', async () => {
    const clock = createManualClock();
    await expect(withDeadline(Promise.resolve(7), 1_000, clock, 'work')).resolves.toBe(7);
    await expect(
      withDeadline(Promise.reject(new Error('its own')), 1_000, clock, 'work'),
    ).rejects.toThrowError('its own');
  });

  it('gives up after the deadline, and does not mind a late answer', async () => {
    const clock = createManualClock();
    let answer = (_: number) => {};
    const work = new Promise<number>((resolve) => {
      answer = resolve;
    });
    const outcome = expect(withDeadline(work, 1_000, clock, 'INSERT')).rejects.toMatchObject({
      code: 'timeout',
      message: 'INSERT: no answer within 1000 ms',
    });
    await clock.advance(1_000);
    await outcome;
    answer(7);
    await clock.advance(1);
  });

  it('waits for slow work as long as it shows signs of life', async () => {
    const clock = createManualClock();
    let beat = () => {};
    const outcome = expect(
      withStallDeadline(
        (given) => {
          beat = given;
          return new Promise(() => {});
        },
        1_000,
        clock,
        'claim',
      ),
    ).rejects.toMatchObject({ code: 'timeout' });
    for (let i = 0; i < 10; i++) {
      await clock.advance(900);
      beat();
    }
    await clock.advance(999);
    let settled = false;
    outcome.then(() => {
      settled = true;
    });
    await clock.advance(0);
    expect(settled).toBe(false);
    await clock.advance(1);
    await outcome;
    expect(beat).toThrow('claim: no answer within 1000 ms');
  });
});
