import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import type { Labels, Metrics } from '../../core/metrics-port.ts';
import { type Measure, Rounds } from '../../reconciler/rounds.ts';

async function harness(measures: (clock: ReturnType<typeof createManualClock>) => Measure[]) {
  const clock = createManualClock(1_000_000);
  const failures: Labels[] = [];
  const successes: number[] = [];
  const metrics: Metrics = {
    add: (_, labels) => failures.push(labels),
    set: (_, __, value) => successes.push(value),
    observe() {},
  };
  const rounds = new Rounds(measures(clock), { deadlineMs: 500, clock, metrics, logger: silentLogger });
  rounds.start();
  // lets the first looks begin and end
  await clock.advance(0);
  return { clock, rounds, failures, successes };
}

describe('rounds of a reconciler', () => {
  it('repeat every measure in its own rhythm', async () => {
    const seen: string[] = [];
    const { clock, rounds } = await harness(() => [
      { name: 'lag', everyMs: 100, run: async () => void seen.push('lag') },
      { name: 'settled', everyMs: 250, run: async () => void seen.push('settled') },
    ]);
    await clock.advance(999);
    expect(seen.filter((name) => name === 'lag')).toHaveLength(10);
    expect(seen.filter((name) => name === 'settled')).toHaveLength(4);
    const stopped = rounds.stop();
    await clock.advance(1);
    await stopped;
  });

  it('go on beside one that fails: it is counted, and no round is complete meanwhile', async () => {
    let isBroken = true;
    const { clock, rounds, failures, successes } = await harness(() => [
      { name: 'lag', everyMs: 100, run: async () => {} },
      {
        name: 'checks',
        everyMs: 100,
        async run() {
          if (isBroken) throw new Error('no such table');
        },
      },
    ]);
    await clock.advance(350);
    expect(failures).toEqual(Array.from({ length: 4 }, () => ({ measure: 'checks' })));
    // the start of the process
    expect(successes).toEqual([1_000]);
    expect(rounds.status()).toMatchObject([
      { name: 'lag', error: null, succeededAtMs: 1_000_300 },
      { name: 'checks', error: 'no such table', succeededAtMs: null },
    ]);
    isBroken = false;
    await clock.advance(100);
    expect(successes.at(-1)).toBe(1_000.4);
    const stopped = rounds.stop();
    await clock.advance(1);
    await stopped;
  });

  it('do not wait for one that hangs, nor start it twice', async () => {
    let starts = 0;
    let release = () => {};
    const { clock, rounds, failures } = await harness(() => [
      {
        name: 'canary_sent',
        everyMs: 1_000,
        run() {
          starts++;
          return new Promise<void>((resolve) => {
            release = resolve;
          });
        },
      },
    ]);
    await clock.advance(2_600);
    expect(starts).toBe(1);
    expect(failures).toHaveLength(3);
    release();
    await clock.advance(1_000);
    expect(starts).toBe(2);
    const stopped = rounds.stop();
    await clock.advance(600);
    await stopped;
  });
});
