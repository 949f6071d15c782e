import { describe, expect, it } from 'vitest';
import { createInjector } from '../../../producer/faults/apply.ts';
import { parseFaults } from '../../../producer/faults/parse-faults.ts';
import { createFaultPlan } from '../../../producer/faults/plan.ts';
import { createMemoryLedger, type MemoryLedger } from './memory-ledger.ts';
import { createWorld, msAt, RUN, range, sourceOf, type World, type WorldOptions } from './world.ts';

const RATE = 1_000;
const EVENTS = 2_000;

interface Faulty {
  readonly world: World;
  readonly ledger: MemoryLedger;
  readonly done: ReturnType<World['start']>;
  /** event numbers that the plan hits */
  readonly hit: number[];
}

function start(faults: readonly string[], options: WorldOptions = {}): Faulty {
  const world = createWorld();
  const ledger = createMemoryLedger();
  const { specs } = parseFaults(faults);
  const plan = createFaultPlan(specs, 1);
  const done = world.start(
    { rate: RATE, durationMs: EVENTS, ...options },
    {
      faults: createFaultPlan(specs, 1),
      inject: createInjector({ runId: RUN }),
      ledger,
    },
  );
  const userOf = (n: number) => sourceOf().content(n, 0).userId;
  return { world, ledger, done, hit: range(0, EVENTS).filter((n) => plan.of(n, userOf(n)) !== null) };
}

/** own event of every record, in the order of the log */
const tagsOf = (world: World) => world.writer.records.map(({ tag }) => (tag < 0 ? -1 - tag : tag));

describe('faults in a run', () => {
  it('drop: events are made and not sent, and the rest of the run does not miss them', async () => {
    const { world, ledger, done, hit } = start(['drop=20%']);
    await world.pass(4_000);
    const report = await done;
    expect(hit.length).toBeGreaterThan(300);
    expect(tagsOf(world)).toEqual(range(0, EVENTS).filter((n) => !hit.includes(n)));
    expect(report).toMatchObject({
      generated: EVENTS,
      keptBack: hit.length,
      acknowledged: EVENTS - hit.length,
      records: EVENTS - hit.length,
      inFlight: 0,
      next: EVENTS,
      byLabel: { drop: hit.length },
    });
    // what is kept back on purpose is no shortfall
    expect(report.measured).toMatchObject({ due: EVENTS, acknowledged: EVENTS });
    expect(ledger.faults).toEqual(hit.map((n) => ({ n, label: 'drop', copies: 0 })));
  });

  it('duplicate: copies go out later, one after the other, and the event counts once', async () => {
    const { world, ledger, done, hit } = start(['duplicate=5%:2:300ms']);
    await world.pass(1_000);
    await world.pass(4_000);
    const report = await done;
    expect(report).toMatchObject({
      generated: EVENTS,
      acknowledged: EVENTS,
      records: EVENTS + 2 * hit.length,
      recordsAcknowledged: EVENTS + 2 * hit.length,
      stoppedBy: 'limit',
      byLabel: { duplicate: hit.length },
    });
    expect(ledger.faults).toEqual(hit.map((n) => ({ n, label: 'duplicate', copies: 2 })));
    const counts = new Map<number, number>();
    for (const n of tagsOf(world)) counts.set(n, (counts.get(n) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > 1)).toEqual(hit.map((n) => [n, 3]));
    const turns = turnsOf(world);
    for (const n of hit.filter((one) => one < EVENTS - 700)) {
      const [first, second, third] = tagsOf(world).flatMap((tag, at) => (tag === n ? [turns[at]!] : []));
      // 300 ms at 1,000/s, sent by ticks of 5 ms
      expect(Math.abs(second! - first! - 300)).toBeLessThan(10);
      expect(Math.abs(third! - second! - 300)).toBeLessThan(10);
    }
  });

  it('reorder: records go out after their turn, within the window, and each once', async () => {
    const { world, done, hit } = start(['reorder=10%:200ms']);
    await world.pass(4_000);
    expect(await done).toMatchObject({ generated: EVENTS, acknowledged: EVENTS, records: EVENTS });
    const tags = tagsOf(world);
    expect([...tags].sort((a, b) => a - b)).toEqual(range(0, EVENTS));
    const inTurn = tags.filter((n) => !hit.includes(n));
    expect(inTurn).toEqual([...inTurn].sort((a, b) => a - b));
    const behind = hit.map(
      (n) => world.writer.records.findIndex(({ tag }) => tag === -1 - n) - tags.indexOf(n),
    );
    expect(behind.every((places) => places === 0)).toBe(true);
    expect(tags).not.toEqual(range(0, EVENTS));
  });

  it('late, domain and clock_skew change what an event says and nothing else about it', async () => {
    const { world, ledger, done, hit } = start([
      'late=5%:fixed:1h',
      'domain=5%:rating_above',
      'clock-skew=20%:-2h',
    ]);
    await world.pass(4_000);
    expect(await done).toMatchObject({ generated: EVENTS, acknowledged: EVENTS, records: EVENTS });
    expect(tagsOf(world)).toEqual(range(0, EVENTS));
    expect(ledger.faults.map(({ n }) => n)).toEqual(hit);
    expect(world.writer.records.every(({ placement }) => placement === null)).toBe(true);
  });

  it('poison and key_skew carry their headers and their partition', async () => {
    const { world, done } = start(['poison=5%:no_magic', 'key-skew=5%:3']);
    await world.pass(4_000);
    const { byLabel } = await done;
    const placed = world.writer.records.flatMap(({ tag, placement }) =>
      placement ? [{ tag, placement }] : [],
    );
    const skewed = placed.filter(({ placement }) => placement.partition === 3);
    const poisoned = placed.filter(({ placement }) => placement.headers !== null);
    expect(byLabel).toEqual({ 'poison/no_magic': poisoned.length, key_skew: skewed.length });
    for (const { tag, placement } of poisoned) {
      expect(placement.headers).toEqual({
        'reelstream-run': RUN,
        'reelstream-event': String(tag),
        'reelstream-fault': 'poison',
      });
    }
  });

  it('what is held back holds the position, is never passed, and is sent when its time comes after the end', async () => {
    const { world, ledger, done, hit } = start(['duplicate=1%:1:9s'], {
      checkpointIntervalMs: 100,
    });
    await world.pass(5_000);
    expect(world.report).toBeNull();
    expect(world.writer.records).toHaveLength(EVENTS);
    world.writer.ack();
    await world.pass(500);
    expect(ledger.checkpoints.every(({ next }) => next <= hit[0]!)).toBe(true);
    // longer than events of the schedule may be caught up
    await world.pass(8_000);
    const report = await done;
    expect(report).toMatchObject({
      stoppedBy: 'limit',
      acknowledged: EVENTS,
      records: EVENTS + hit.length,
      next: EVENTS,
    });
    expect(report.elapsedMs).toBeGreaterThan(9_000 + hit.at(-1)!);
  });

  it('what is held back goes at once when the run is stopped', async () => {
    const { world, done, hit } = start(['duplicate=1%:1:9s']);
    await world.pass(3_000);
    world.abort.abort();
    await world.pass(100);
    expect(await done).toMatchObject({
      stoppedBy: 'signal',
      records: EVENTS + hit.length,
      acknowledged: EVENTS,
      next: EVENTS,
    });
  });

  it('a run that is stopped with records held back and no room for them ends in time', async () => {
    const { world, done } = start(['duplicate=1%:1:9s']);
    await world.pass(3_000);
    world.writer.capacity = 0;
    world.writer.answers = false;
    world.abort.abort();
    await world.pass(3_000);
    const report = await done;
    expect(report.stoppedBy).toBe('signal');
    expect(report.inFlight).toBeGreaterThan(0);
  });
});

it('what a fault holds back is no late delivery', async () => {
  const { world, done } = start(['duplicate=5%:2:300ms', 'reorder=5%:500ms']);
  for (let ms = 0; ms < 4_000; ms += 10) {
    await world.pass(10);
    world.writer.ack();
  }
  const { byLabel } = await done;
  expect(world.deliveryDelays.count).toBe(EVENTS - byLabel.reorder!);
  expect(msAt(world.deliveryDelays, 1)).toBeLessThan(30);
});

it('an event of several records fails once when one of them does, and only when all have their answer', async () => {
  const { world, ledger, done } = start(['duplicate=100%:2:1ms'], { durationMs: 10 });
  world.writer.answers = false;
  await world.pass(100);
  world.writer.lose();
  world.writer.ack();
  await world.pass(2_000);
  expect(await done).toMatchObject({ generated: 10, acknowledged: 9, failed: 1, recordsFailed: 1 });
  expect(ledger.checkpoints.flatMap((one) => one.failed)).toEqual([0]);
});

/** How many events had been sent when each record went out. */
function turnsOf(world: World): number[] {
  let turn = 0;
  return world.writer.records.map(({ tag }) => (tag < 0 ? turn : turn++));
}
