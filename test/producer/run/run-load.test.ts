import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventIds } from '../../../core/event-id.ts';
import type { EventSource } from '../../../producer/event-source.ts';
import { createWorld, decode, msAt, numberOf, numbers, RUN, range, START_MS, sourceOf } from './world.ts';

describe('LoadRun', () => {
  it('sends every event once, in order, with its own id, key and intended time', async () => {
    const world = createWorld();
    const done = world.start({ durationMs: 1_000 });
    await world.pass(2_000);
    const report = await done;
    expect(numbers(world.writer)).toEqual(range(0, 100));
    expect(decode(world.writer.records[37]!.value).tsMs).toBe(START_MS + 370);
    expect(world.writer.records[37]!.key).toBe(String((37 % 7) + 1));
    expect(report).toMatchObject({
      stoppedBy: 'limit',
      generated: 100,
      acknowledged: 100,
      failed: 0,
      inFlight: 0,
      missed: 0,
      first: 0,
      next: 100,
      error: null,
    });
    expect(report.measured).toMatchObject({ due: 100, acknowledged: 100, plannedMs: 1_000 });
    expect(report.measured.ms).toBeCloseTo(1_000);
    expect(world.scheduleDelays.count).toBe(100);
    expect(msAt(world.scheduleDelays, 1)).toBeLessThan(6);
    expect(world.saved.at(-1)).toBe(100);
  });

  it('gives an event the time it was intended for, not the tick that sent it', async () => {
    const world = createWorld();
    const done = world.start({ rate: 30, count: 12 });
    await world.pass(1_000);
    await done;
    expect(decode(world.writer.records[11]!.value).tsMs).toBe(START_MS + 367);
  });

  it('goes on from a position with the same numbers and a new schedule', async () => {
    const world = createWorld();
    const done = world.start({ first: 1_000, count: 10 });
    await world.pass(1_000);
    expect(await done).toMatchObject({ generated: 10, first: 1_000, next: 1_010, stoppedBy: 'limit' });
    expect(numbers(world.writer)).toEqual(range(1_000, 1_010));
    expect(decode(world.writer.records[0]!.value).tsMs).toBe(START_MS);
  });

  it('stops at the end of the source, also when nothing is left of it', async () => {
    const world = createWorld();
    const done = world.start({ first: 3, count: 100 }, { source: sourceOf(8) });
    await world.pass(1_000);
    expect(await done).toMatchObject({ stoppedBy: 'source_end', generated: 5, next: 8 });
    const over = createWorld();
    expect(await over.start({ first: 8 }, { source: sourceOf(8) })).toMatchObject({
      stoppedBy: 'source_end',
      generated: 0,
      next: 8,
    });
    expect(over.saved).toEqual([]);
  });

  it('catches up after a stall, and the stall shows in the delay of every event it held up', async () => {
    const world = createWorld();
    const freezing: EventSource = {
      ...sourceOf(),
      content: (n, ts) => {
        if (n === 50) void world.clock.advance(1_000);
        return sourceOf().content(n, ts);
      },
    };
    const done = world.start({ durationMs: 3_000 }, { source: freezing });
    await world.pass(4_000);
    const report = await done;
    expect(numbers(world.writer)).toEqual(range(0, 300));
    expect(report.acknowledged).toBe(300);
    expect(msAt(world.scheduleDelays, 1)).toBeGreaterThan(995);
    expect(msAt(world.scheduleDelays, 0.99)).toBeGreaterThan(900);
    expect(msAt(world.scheduleDelays, 0.5)).toBeLessThan(10);
  });

  it('holds the same event while the queue is full and loses none', async () => {
    const world = createWorld();
    world.writer.capacity = 10;
    world.writer.answers = false;
    const done = world.start({ count: 50 });
    for (let i = 0; i < 20; i++) {
      await world.pass(100);
      expect(world.writer.records.length - world.writer.acked).toBeLessThanOrEqual(10);
      world.writer.ack();
    }
    world.writer.answers = true;
    await world.pass(2_000);
    expect(await done).toMatchObject({ generated: 50, acknowledged: 50 });
    expect(world.writer.refusals).toBeGreaterThan(0);
    expect(numbers(world.writer)).toEqual(range(0, 50));
  });

  it('saves no position beyond what is acknowledged, and sends no further than allowed beyond it', async () => {
    const world = createWorld();
    world.writer.answers = false;
    const done = world.start({ count: 100, runAhead: 30, checkpointIntervalMs: 100 });
    await world.pass(3_000);
    expect(world.saved).toEqual([]);
    expect(world.writer.records).toHaveLength(30);
    world.writer.answers = true;
    await world.pass(3_000);
    expect(await done).toMatchObject({ generated: 100, next: 100 });
    expect(world.saved[0]).toBe(30);
  });

  it('ends when records fail, with the position before them', async () => {
    const world = createWorld();
    const done = world.start({ checkpointIntervalMs: 100, stopOnFailure: true });
    await world.pass(250);
    world.writer.answers = false;
    await world.pass(100);
    const { acked } = world.writer;
    expect(acked).toBeLessThan(world.writer.records.length);
    world.writer.lose();
    world.writer.ack();
    await world.pass(2_000);
    const report = await done;
    expect(report).toMatchObject({ stoppedBy: 'failure', failed: 1, next: acked });
    expect(world.saved.at(-1)).toBe(acked);
    expect(report.generated).toBe(report.acknowledged + report.failed + report.inFlight);
  });

  it.each([false, true])('ends with the error when the writer dies (queue full: %s)', async (full) => {
    const world = createWorld();
    if (full) world.writer.capacity = 5;
    world.writer.answers = !full;
    const done = world.start({ checkpointIntervalMs: 60_000 });
    await world.pass(200);
    world.writer.die();
    await world.pass(200);
    expect(await done).toMatchObject({ stoppedBy: 'failure', error: { code: 'kafka' }, next: 0 });
  });

  it('ends with the error when the writer dies while the run stands ahead of its answers', async () => {
    const world = createWorld();
    world.writer.answers = false;
    const done = world.start({ runAhead: 10 });
    await world.pass(1_000);
    expect(world.writer.records).toHaveLength(10);
    world.writer.die();
    await world.pass(1_000);
    expect(world.report).not.toBeNull();
    expect(await done).toMatchObject({ stoppedBy: 'failure', error: { code: 'kafka' }, inFlight: 10 });
  });

  it('reports what is still in flight when the last flush gets no answer', async () => {
    const world = createWorld();
    world.writer.answers = false;
    const done = world.start({ count: 10 });
    await world.pass(2_000);
    expect(await done).toMatchObject({ generated: 10, acknowledged: 0, inFlight: 10, next: 0, error: null });
  });

  it('stops on the signal at once, flushes, and knows what it did not send', async () => {
    const world = createWorld();
    const done = world.start({ durationMs: 60_000 });
    await world.pass(300);
    world.abort.abort();
    await world.pass(20);
    const report = await done;
    expect(report).toMatchObject({ stoppedBy: 'signal', acknowledged: report.generated, missed: 0 });
    expect(report.generated).toBeGreaterThanOrEqual(30);
    expect(report.generated).toBeLessThanOrEqual(32);
  });

  it('stops on the signal while it waits for room', async () => {
    const world = createWorld();
    world.writer.capacity = 3;
    world.writer.answers = false;
    const done = world.start({ checkpointIntervalMs: 60_000 });
    await world.pass(200);
    world.abort.abort();
    await world.pass(2_000);
    expect(await done).toMatchObject({ stoppedBy: 'signal', inFlight: 3 });
  });

  it('gives a duration up that it cannot catch up with, and says how many events are missing', async () => {
    const world = createWorld();
    const crawl: EventSource = {
      ...sourceOf(),
      content: (n, ts) => {
        void world.clock.advance(30);
        return sourceOf().content(n, ts);
      },
    };
    const done = world.start({ durationMs: 1_000, rate: 1_000 }, { source: crawl });
    await world.pass(60_000);
    const report = await done;
    expect(report.stoppedBy).toBe('too_slow');
    expect(report.missed).toBe(1_000 - report.generated);
    expect(report.measured.acknowledged).toBeLessThan(report.measured.due);
    expect(report.measured.due).toBe(1_000);
  });

  it('publishes counts that add up and the rate it aims at, 0 in the end', async () => {
    const world = createWorld();
    const done = world.start({ durationMs: 1_000 });
    await world.pass(2_000);
    const report = await done;
    for (const { generated, acknowledged, failed, keptBack, inFlight } of world.progress) {
      expect(generated).toBe(acknowledged + failed + keptBack + inFlight);
    }
    expect(report).toMatchObject({ generated: 100, records: 100, recordsAcknowledged: 100, failed: 0 });
    expect(report.bytes).toBe(world.writer.records.reduce((sum, { value }) => sum + value.length, 0));
    expect(world.progress[0]!.targetRate).toBeCloseTo(100);
    expect(world.progress.at(-1)!.targetRate).toBe(0);
  });

  it('after any crashes has every event on the log, repeats only under the same id and near their first', async () => {
    const crash = fc.record({
      afterMs: fc.integer({ min: 0, max: 2_500 }),
      brokerAnswers: fc.boolean(),
      /** how much of what was in flight reached the log */
      reached: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(crash, { maxLength: 5 }), async (crashes) => {
        const log: Buffer[] = [];
        let position = 0;
        const total = 150;
        const maxUnconfirmedEvents = 20;
        const live = async (afterMs: number, answers: boolean) => {
          const world = createWorld();
          world.writer.answers = answers;
          const done = world.start(
            { first: position, checkpointIntervalMs: 70, runAhead: maxUnconfirmedEvents },
            {
              source: sourceOf(total),
              saveNext: async (next) => {
                position = next;
              },
            },
          );
          await world.pass(afterMs);
          return { world, done };
        };
        for (const { afterMs, brokerAnswers, reached } of crashes) {
          const { world, done } = await live(afterMs, brokerAnswers);
          const { records, acked } = world.writer;
          const kept = acked + Math.floor((records.length - acked) * reached);
          log.push(...records.slice(0, kept).map(({ value }) => value));
          const frozen = position;
          world.abort.abort();
          await world.pass(5_000);
          await done;
          position = frozen; // a killed process saves nothing on its way out
        }
        const { world, done } = await live(10_000, true);
        await done;
        log.push(...world.writer.records.map(({ value }) => value));

        const firstAt = new Map<number, number>();
        for (const [at, value] of log.entries()) {
          const n = numberOf(value);
          const first = firstAt.get(n) ?? at;
          firstAt.set(n, first);
          expect(decode(value).movieId).toBe(n + 1);
          expect(decode(value).eventId).toBe(Buffer.from(createEventIds(RUN)(n)).toString('hex'));
          expect(at - first).toBeLessThanOrEqual(maxUnconfirmedEvents * crashes.length);
        }
        expect([...firstAt.keys()].sort((a, b) => a - b)).toEqual(range(0, total));
      }),
      { numRuns: 60 },
    );
  });
});
