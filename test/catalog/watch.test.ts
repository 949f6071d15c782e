import { describe, expect, it } from 'vitest';
import { type Look, type LookOutcome, watchCatalogue } from '../../catalog/watch.ts';
import { createManualClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';

const DAY_MS = 86_400_000;
const away = () => Promise.reject(new ReelstreamError('unavailable', 'server away'));
const loaded = (version: number) => () => Promise.resolve({ outcome: 'loaded' as const, version });
const unchanged = (version: number) => () => Promise.resolve({ outcome: 'unchanged' as const, version });

async function watch(...looks: ((signal: AbortSignal) => Promise<Look>)[]) {
  const clock = createManualClock(1_000);
  const outcomes: LookOutcome[] = [];
  const calls: number[] = [];
  const running = watchCatalogue({
    look: (signal) => {
      calls.push(clock.nowMs() - 1_000);
      return (looks.shift() ?? unchanged(9))(signal);
    },
    everyMs: DAY_MS,
    clock,
    logger: silentLogger,
    onLook: (outcome) => outcomes.push(outcome),
  });
  // the first look is over, and the wait for the second has begun
  await clock.advance(0);
  return { ...running, clock, outcomes, calls };
}

describe('watchCatalogue', () => {
  it('looks at once and then at every interval', async () => {
    const { clock, calls, outcomes, stop, status } = await watch(loaded(1), unchanged(1));
    expect(status()).toMatchObject({ version: 1, lastError: null, lastLookMs: 1_000 });
    await clock.advance(DAY_MS);
    expect(calls).toEqual([0, DAY_MS]);
    expect(outcomes).toEqual(['loaded', 'unchanged']);
    await stop();
  });

  it('comes again sooner after a failure, later after each further one, and keeps the version', async () => {
    const { clock, calls, outcomes, stop, status } = await watch(loaded(3), away, away, away, unchanged(3));
    await clock.advance(DAY_MS);
    expect(status()).toMatchObject({ version: 3, lastError: 'server away' });
    await clock.advance(60_000 + 120_000 + 240_000);
    expect(calls.slice(1).map((ms) => ms - DAY_MS)).toEqual([0, 60_000, 180_000, 420_000]);
    expect(outcomes).toEqual(['loaded', 'failed', 'failed', 'failed', 'unchanged']);
    expect(status()).toMatchObject({ version: 3, lastError: null, looks: { failed: 3 } });
    await stop();
  });

  it('never waits longer than the interval', async () => {
    const { clock, calls, stop } = await watch(...Array.from({ length: 20 }, () => away));
    await clock.advance(5 * DAY_MS);
    const pauses = calls.slice(1).map((ms, i) => ms - calls[i]!);
    expect(Math.max(...pauses)).toBe(DAY_MS);
    await stop();
  });

  it('stops in the middle of a look without counting it', async () => {
    const held = (signal: AbortSignal) =>
      new Promise<Look>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    const { outcomes, stop, done } = await watch(held);
    await stop();
    await done;
    expect(outcomes).toEqual([]);
  });
});
