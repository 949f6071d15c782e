import { describe, expect, it } from 'vitest';
import { createMemoryLedger } from './memory-ledger.ts';
import { createWorld, msAt, numbers, range } from './world.ts';

const RATE = 100;

describe('reports', () => {
  it('delivery is measured from the intended time: a stall shows in every event it held up', async () => {
    const world = createWorld();
    world.writer.answers = false;
    const done = world.start({ rate: RATE, durationMs: 10_000 });
    // acknowledged every 10 ms, but for one second
    for (let ms = 0; ms < 10_200; ms += 10) {
      await world.pass(10);
      if (ms < 4_000 || ms >= 5_000) world.writer.ack();
    }
    world.writer.answers = true;
    await world.pass(2_000);
    expect(await done).toMatchObject({ generated: 1_000, acknowledged: 1_000, inFlight: 0 });
    expect(world.deliveryDelays.count).toBe(1_000);
    expect(msAt(world.deliveryDelays, 0.5)).toBeLessThan(25);
    // a tenth of the events was intended during the stall, evenly over it
    expect(msAt(world.deliveryDelays, 0.95)).toBeGreaterThan(450);
    expect(msAt(world.deliveryDelays, 0.95)).toBeLessThan(560);
    expect(msAt(world.deliveryDelays, 0.99)).toBeGreaterThan(880);
    expect(msAt(world.deliveryDelays, 1)).toBeGreaterThan(980);
    // they were handed over in time all the while
    expect(msAt(world.scheduleDelays, 1)).toBeLessThan(10);
  });

  it('a closed loop measures the same stall as one slow event', async () => {
    const world = createWorld();
    world.writer.answers = false;
    const done = world.start({ rate: RATE, durationMs: 10_000, overload: 'block', runAhead: 5 });
    for (let ms = 0; ms < 10_200; ms += 10) {
      await world.pass(10);
      if (ms < 4_000 || ms >= 5_000) world.writer.ack();
    }
    world.writer.answers = true;
    await world.pass(2_000);
    const report = await done;
    expect(report.missed).toBeGreaterThan(90);
    expect(msAt(world.deliveryDelays, 1)).toBeGreaterThan(900);
    expect(msAt(world.deliveryDelays, 0.99)).toBeLessThan(100);
  });

  it('positions are saved without waiting for anything', async () => {
    const world = createWorld();
    const done = world.start({ rate: RATE, durationMs: 2_000, checkpointIntervalMs: 100 });
    for (let ms = 0; ms < 1_900; ms += 50) {
      await world.pass(50);
      world.writer.ack();
    }
    expect(world.writer.flushes).toBe(0);
    expect(world.saved.at(-1)).toBeGreaterThan(150);
    await world.pass(3_000);
    await done;
    expect(world.saved.at(-1)).toBe(200);
  });

  it('an event that Kafka does not take is counted, put on record and passed', async () => {
    const world = createWorld();
    const ledger = createMemoryLedger();
    world.writer.answers = false;
    const done = world.start({ rate: RATE, durationMs: 1_000, checkpointIntervalMs: 100 }, { ledger });
    await world.pass(300);
    world.writer.lose();
    world.writer.lose();
    world.writer.answers = true;
    await world.pass(3_000);
    expect(await done).toMatchObject({
      stoppedBy: 'limit',
      generated: 100,
      acknowledged: 98,
      failed: 2,
      recordsFailed: 2,
      inFlight: 0,
      next: 100,
      error: null,
    });
    expect(ledger.checkpoints.flatMap(({ failed }) => failed)).toEqual([0, 1]);
    expect(ledger.checkpoints.at(-1)!.next).toBe(100);
    expect(world.deliveryDelays.count).toBe(98);
  });

  it('an event that was given up ahead of one without an answer is on record when the run ends', async () => {
    const world = createWorld();
    const ledger = createMemoryLedger();
    world.writer.answers = false;
    const done = world.start({ rate: RATE, count: 10 }, { ledger });
    await world.pass(200);
    world.writer.failed = 1;
    world.run!.settle(4, true);
    await world.pass(2_000);
    expect(await done).toMatchObject({ failed: 1, inFlight: 9, acknowledged: 0, next: 0 });
    expect(ledger.checkpoints).toEqual([{ next: 0, failed: [4] }]);
  });

  it('ends when the ledger cannot be written, and says so', async () => {
    const world = createWorld();
    const ledger = {
      ...createMemoryLedger(),
      checkpoint: () => Promise.reject(new Error('no space left')),
    };
    const done = world.start({ rate: RATE, durationMs: 60_000, checkpointIntervalMs: 100 }, { ledger });
    for (let ms = 0; ms < 1_000 && !world.report; ms += 50) {
      await world.pass(50);
      world.writer.ack();
    }
    expect(await done).toMatchObject({ stoppedBy: 'failure', error: { message: 'no space left' }, next: 0 });
  });
});

describe('the run-ahead', () => {
  it.each([1, 2, 30])('of %i events is never exceeded, and always used', async (runAhead) => {
    const world = createWorld();
    world.writer.answers = false;
    const done = world.start({ rate: 10_000, count: 300, runAhead, checkpointIntervalMs: 20 });
    for (let i = 0; i < 400 && !world.report; i++) {
      await world.pass(20);
      const underWay = world.writer.records.length - world.writer.acked;
      expect(underWay).toBeLessThanOrEqual(runAhead);
      if (i > 2 && world.writer.records.length < 300) expect(underWay).toBe(runAhead);
      world.writer.ack();
    }
    world.writer.answers = true;
    await world.pass(2_000);
    expect(await done).toMatchObject({ generated: 300, acknowledged: 300 });
    expect(numbers(world.writer)).toEqual(range(0, 300));
  });

  it('counts what the other workers have resolved, too', async () => {
    const world = createWorld();
    let resolvedBelow = 0;
    const done = world.start(
      { rate: 3_000, worker: 1, workers: 3, runAhead: 10, count: 60 },
      { resolvedBelow: () => resolvedBelow },
    );
    await world.pass(200);
    world.writer.ack();
    await world.pass(200);
    // own numbers below 0 + 10: 1, 4, 7; its own answers change nothing while the others lag
    expect(numbers(world.writer)).toEqual([1, 4, 7]);
    resolvedBelow = 6;
    await world.pass(200);
    expect(numbers(world.writer)).toEqual([1, 4, 7, 10, 13]);
    resolvedBelow = 1_000;
    await world.pass(2_000);
    expect(await done).toMatchObject({ generated: 20 });
  });

  it('smaller than the number of workers still lets the first ones begin', async () => {
    const world = createWorld();
    let resolvedBelow = 0;
    const done = world.start(
      { rate: 3_000, worker: 0, workers: 4, runAhead: 1, count: 8 },
      { resolvedBelow: () => resolvedBelow },
    );
    await world.pass(200);
    expect(numbers(world.writer)).toEqual([0]);
    resolvedBelow = 4;
    await world.pass(200);
    expect(numbers(world.writer)).toEqual([0, 4]);
    await world.pass(2_000);
    await done;
  });
});
