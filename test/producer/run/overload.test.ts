import { describe, expect, it } from 'vitest';
import type { EventSource } from '../../../producer/event-source.ts';
import { createMemoryLedger } from './memory-ledger.ts';
import { createWorld, msAt, numbers, range, sourceOf, type World } from './world.ts';

const RATE = 100;
const STALL_MS = 1_000;

/** Making event 50 takes a second: the process was held up, as by a garbage collection. */
const stallAt50 = (world: World): EventSource => ({
  ...sourceOf(),
  content: (n, intendedTsMs) => {
    if (n === 50) void world.clock.advance(STALL_MS);
    return sourceOf().content(n, intendedTsMs);
  },
});

describe('what cannot be sent in time', () => {
  it('is left out by the policy drop, counted, and on record in the ledger', async () => {
    const world = createWorld();
    const ledger = createMemoryLedger();
    const done = world.start(
      { rate: RATE, durationMs: 3_000, overload: 'drop', dropAfterMs: 100 },
      { source: stallAt50(world), ledger },
    );
    await world.pass(4_000);
    const report = await done;
    // the event that was under way, then what was due up to 100 ms before the stall was over
    const leftOut = range(51, 140);
    expect(ledger.overloadedNumbers).toEqual(leftOut);
    expect(numbers(world.writer)).toEqual(range(0, 300).filter((n) => !leftOut.includes(n)));
    expect(report).toMatchObject({
      generated: 300 - leftOut.length,
      acknowledged: 300 - leftOut.length,
      overloaded: leftOut.length,
      missed: 0,
      stoppedBy: 'limit',
      next: 300,
    });
    expect(report.measured).toMatchObject({ due: 300, acknowledged: 300 - leftOut.length });
    // 0.1 s of waiting is allowed; nothing that was sent has waited for longer, but the one under way
    expect(msAt(world.scheduleDelays, 0.99)).toBeLessThan(110);
  });

  it('is sent later by the policy catch_up, and nothing is left out', async () => {
    const world = createWorld();
    const ledger = createMemoryLedger();
    const done = world.start({ rate: RATE, durationMs: 3_000 }, { source: stallAt50(world), ledger });
    await world.pass(4_000);
    expect(await done).toMatchObject({ generated: 300, overloaded: 0, blockedMs: 0 });
    expect(ledger.overloadedNumbers).toEqual([]);
    expect(msAt(world.scheduleDelays, 0.99)).toBeGreaterThan(900);
  });

  it('moves the whole schedule by the policy block: no delay is seen, and events are missing in the end', async () => {
    const world = createWorld();
    world.writer.capacity = 20;
    world.writer.answers = false;
    const done = world.start({ rate: RATE, durationMs: 3_000, overload: 'block' });
    // timers are late, which is nobody's room: a tick of 7 ms
    const passAcknowledged = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 7) {
        await world.pass(7, 7);
        world.writer.ack();
      }
    };
    await passAcknowledged(1_000);
    await world.pass(STALL_MS, 7);
    await passAcknowledged(1_500);
    world.writer.answers = true;
    await world.pass(2_000);
    const report = await done;
    expect(numbers(world.writer)).toEqual(range(0, report.generated));
    // the queue holds 0.2 s of events before there is no more room
    expect(report.blockedMs).toBeGreaterThan(STALL_MS - 250);
    expect(report.blockedMs).toBeLessThan(STALL_MS - 150);
    expect(Math.abs(report.missed - report.blockedMs / 10)).toBeLessThan(3);
    expect(report.generated + report.missed).toBe(300);
    expect(report.stoppedBy).toBe('limit');
    expect(report.measured.due).toBe(300);
    // as a closed loop has it: only what was under way has waited
    expect(msAt(world.scheduleDelays, 1)).toBeLessThan(20);
    expect(msAt(world.deliveryDelays, 0.9)).toBeLessThan(30);
  });

  it('sends all of a count by the policy block, however long that takes', async () => {
    const world = createWorld();
    world.writer.capacity = 5;
    world.writer.answers = false;
    const done = world.start({ rate: RATE, count: 60, overload: 'block', checkpointIntervalMs: 60_000 });
    for (let i = 0; i < 20; i++) {
      await world.pass(200);
      world.writer.ack();
    }
    world.writer.answers = true;
    await world.pass(2_000);
    expect(await done).toMatchObject({ generated: 60, missed: 0 });
  });

  it.each(['catch_up', 'block'] as const)(
    'holds the same event while there is no room (%s)',
    async (overload) => {
      const world = createWorld();
      world.writer.capacity = 5;
      world.writer.answers = false;
      const done = world.start({ rate: RATE, count: 20, overload, checkpointIntervalMs: 60_000 });
      for (let i = 0; i < 10; i++) {
        await world.pass(150);
        world.writer.ack();
      }
      world.writer.answers = true;
      await world.pass(1_000);
      expect(await done).toMatchObject({ generated: 20, acknowledged: 20 });
      expect(world.writer.refusals).toBeGreaterThan(0);
      expect(numbers(world.writer)).toEqual(range(0, 20));
    },
  );
});

describe('a full queue', () => {
  it('keeps neither progress nor the end of the run waiting', async () => {
    const world = createWorld();
    world.writer.capacity = 1;
    world.writer.answers = false;
    const done = world.start({ rate: RATE, durationMs: 1_000, checkpointIntervalMs: 60_000 });
    await world.pass(12_000, 20);
    const report = await done;
    expect(world.progress.length).toBeGreaterThan(10);
    expect(report).toMatchObject({ stoppedBy: 'too_slow', generated: 1, inFlight: 1, missed: 99 });
  });

  it('lets the process live: what never has room does not spin', async () => {
    const world = createWorld();
    world.writer.room = async () => {};
    world.writer.capacity = 1;
    world.writer.answers = false;
    const done = world.start({ rate: RATE, durationMs: 1_000, checkpointIntervalMs: 60_000 });
    await world.pass(300);
    world.abort.abort();
    await world.pass(3_000);
    expect(await done).toMatchObject({ stoppedBy: 'signal' });
  });
});

describe('the warm-up', () => {
  it('is sent and counted, and neither its delays nor its events are measured', async () => {
    const world = createWorld();
    const stalling: EventSource = {
      ...sourceOf(),
      content: (n, intendedTsMs) => {
        if (n === 20) void world.clock.advance(400);
        return sourceOf().content(n, intendedTsMs);
      },
    };
    const done = world.start({ rate: RATE, durationMs: 3_000, warmupMs: 1_000 }, { source: stalling });
    await world.pass(4_000);
    const report = await done;
    expect(report).toMatchObject({ generated: 300, acknowledged: 300 });
    expect(report.measured).toMatchObject({ due: 200, acknowledged: 200, plannedMs: 2_000 });
    expect(world.scheduleDelays.count).toBe(200);
    expect(world.deliveryDelays.count).toBe(200);
    expect(msAt(world.scheduleDelays, 1)).toBeLessThan(10);
  });

  it('does not hide a shortfall: what it left over counts when it is sent', async () => {
    const world = createWorld();
    // 20 ms per event: half of the rate that is asked for
    const slow: EventSource = {
      ...sourceOf(),
      content: (n, intendedTsMs) => {
        void world.clock.advance(20);
        return sourceOf().content(n, intendedTsMs);
      },
    };
    const done = world.start({ rate: RATE, durationMs: 8_000, warmupMs: 2_000 }, { source: slow });
    await world.pass(20_000);
    const { measured, stoppedBy } = await done;
    expect(stoppedBy).toBe('too_slow');
    const achieved = measured.acknowledged / measured.ms / (measured.due / measured.plannedMs);
    expect(achieved).toBeGreaterThan(0.45);
    expect(achieved).toBeLessThan(0.55);
  });
});
