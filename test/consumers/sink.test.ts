import { describe, expect, it } from 'vitest';
import { createFilmIndex } from '../../clickhouse/film-index.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { LogRecord } from '../../core/log-record.ts';
import { slotOf } from '../helpers/scripted-store.ts';
import { goodLog, recordOf, type SinkHarness, startSink } from '../helpers/sink-harness.ts';

const logs = (...partitions: (readonly LogRecord[])[]) =>
  new Map(partitions.map((records, partition) => [partition, records]));

const offsets = (h: SinkHarness, partition: number) => h.store.rowsOf(partition).map((row) => row.offset);
const upTo = (end: number) => Array.from({ length: end }, (_, i) => i);
const stateOf = (h: SinkHarness, partition: number) =>
  h.sink.status().partitions.find((one) => one.partition === partition)?.state;

/** consumed = applied + dropped + dead-lettered + abandoned + in flight, and in flight is what the batches hold */
function expectBalance(h: SinkHarness): void {
  const { counts, batchRows, inFlightRows } = h.sink.status();
  const inFlight = counts.consumed - counts.applied - counts.dropped - counts.deadLettered - counts.abandoned;
  expect(h.metrics.value('consumer_inflight_events')).toBe(inFlight);
  expect(inFlight).toBeGreaterThanOrEqual(batchRows + inFlightRows);
}

describe('sink, undisturbed', () => {
  it('writes every record once, in order, and commits behind it', async () => {
    const h = await startSink(logs(goodLog(50), goodLog(20)));
    h.reader.assign(0, 1);
    await h.run(() => h.reader.committed.get(0) === 50 && h.reader.committed.get(1) === 20);
    expect(offsets(h, 0)).toEqual(upTo(50));
    expect(offsets(h, 1)).toEqual(upTo(20));
    expect(h.sink.notReady()).toEqual([]);
    expect(h.sink.status().counts).toMatchObject({ consumed: 70, applied: 70, abandoned: 0 });
    await h.sink.stop();
    await expect(h.sink.done).resolves.toBeUndefined();
  });

  it('claims all newly assigned partitions in one call', async () => {
    const h = await startSink(logs(goodLog(1), goodLog(1), goodLog(1)));
    h.reader.assign(0, 1, 2);
    await h.run(() => offsets(h, 2).length === 1);
    expect(h.store.claims).toEqual([[slotOf(0), slotOf(1), slotOf(2)]]);
  });

  it('carries all slots in one INSERT, ordered by slot', async () => {
    const h = await startSink(logs(goodLog(5), goodLog(5)));
    h.reader.assign(1, 0);
    await h.run(() => h.store.inserts.length > 0);
    expect(h.store.inserts[0]).toEqual({ slots: [slotOf(0), slotOf(1)], rows: 10, fate: 'ok' });
  });

  it('sends nothing while nothing arrives', async () => {
    const h = await startSink(logs([]));
    h.reader.assign(0);
    await h.clock.advance(60_000);
    expect(h.store.inserts).toEqual([]);
    expect(stateOf(h, 0)).toBe('streaming');
  });

  it('goes on from the table, whatever Kafka has committed', async () => {
    const h = await startSink(logs(goodLog(30)));
    h.reader.assign(0);
    await h.run(() => offsets(h, 0).length === 30);
    h.reader.lose(0);
    h.reader.committed.set(0, 7);
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    expect(h.reader.seeks.at(-1)).toEqual([0, 30]);
    expect(offsets(h, 0)).toEqual(upTo(30));
  });

  it('drops a duplicate across a hand-over: the window comes back from the table', async () => {
    const h = await startSink(logs([...goodLog(10), recordOf(10, 'ok', 3)]));
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.reader.deliver(10);
    await h.clock.advance(200);
    expect(offsets(h, 0)).toEqual(upTo(10));
    await h.reader.revoke(0);
    h.reader.assign(0);
    await h.run(() => offsets(h, 0).length === 11);
    expect(h.store.rowsOf(0).at(-1)).toMatchObject({ verdict: 2, reason: 20 });
    expect(
      h.metrics.value('consumer_events_dropped_total', {
        topic: 'ratings',
        group: 'test',
        reason: 'duplicate',
      }),
    ).toBe(1);
  });

  it('records what the log skipped', async () => {
    const h = await startSink(logs([recordOf(0), recordOf(1), recordOf(5), recordOf(6)]));
    h.reader.assign(0);
    await h.run(() => offsets(h, 0).length === 4);
    expect(h.store.rowsOf(0).map((row) => row.skippedBefore)).toEqual([0, 0, 3, 0]);
  });

  it('stamps a batch with one catalogue and takes the newer one for the next', async () => {
    const h = await startSink(logs(goodLog(20)));
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.reader.deliver(10);
    await h.settle();
    h.films = createFilmIndex(2, []);
    await h.clock.advance(200);
    await h.run(() => offsets(h, 0).length === 20);
    const versions = h.store.rowsOf(0).map((row) => row.catalogVersion);
    expect(versions).toEqual([...Array(10).fill(1), ...Array(10).fill(2)]);
  });

  it('stamps the first row after a quiet hour with the catalogue of now', async () => {
    const h = await startSink(logs(goodLog(20)));
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.reader.deliver(10);
    await h.clock.advance(3_600_000);
    h.films = createFilmIndex(2, []);
    await h.run(() => offsets(h, 0).length === 20);
    expect(h.store.rowsOf(0).at(-1)!.catalogVersion).toBe(2);
  });
});

describe('sink, bounded', () => {
  it('fills one batch while another is under way, and no more', async () => {
    const h = await startSink(logs(goodLog(10_000)), { maxBatchRows: 100 });
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    let open = () => {};
    h.store.gate = new Promise((resolve) => {
      open = resolve;
    });
    h.reader.deliver(5_000);
    await h.clock.advance(500);
    expect(h.sink.status()).toMatchObject({ inFlightRows: 100, batchRows: 100 });
    expect(h.reader.deliver()).toBe(0);
    h.store.gate = null;
    open();
    await h.run(() => offsets(h, 0).length === 10_000);
    expect(h.store.inserts.every(({ rows }) => rows <= 100)).toBe(true);
    expect(offsets(h, 0)).toEqual(upTo(10_000));
  });

  it('lets several full partitions take turns', async () => {
    const h = await startSink(logs(goodLog(1_000), goodLog(1_000)), { maxBatchRows: 100 });
    h.reader.assign(0, 1);
    await h.run(() => stateOf(h, 1) === 'streaming');
    for (let i = 0; i < 6; i++) {
      h.reader.deliver(150);
      await h.clock.advance(50);
    }
    expect(Math.abs(offsets(h, 0).length - offsets(h, 1).length)).toBeLessThanOrEqual(300);
  });

  it('keeps nothing but its partitions while ClickHouse is away, and goes on by itself', async () => {
    const h = await startSink(logs(goodLog(500)));
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.store.fate = () => 'refused';
    h.store.claimError = () => new ReelstreamError('unavailable', 'ClickHouse did not answer');
    h.reader.deliver(100);
    await h.clock.advance(120_000);
    expect(h.reader.isPaused(0)).toBe(true);
    expect(h.sink.status()).toMatchObject({ batchRows: 0, inFlightRows: 0 });
    expect(h.sink.notReady()[0]).toMatch(/partition 0 is not streaming/);
    // backed off: about every 15 s
    expect(h.store.claims.length).toBeLessThan(20);
    h.store.fate = () => 'ok';
    h.store.claimError = () => null;
    await h.run(() => offsets(h, 0).length === 500);
    expect(offsets(h, 0)).toEqual(upTo(500));
    expect(h.sink.notReady()).toEqual([]);
    expectBalance(h);
  });
});

describe('sink, in doubt', () => {
  async function streaming(count = 100): Promise<SinkHarness> {
    const h = await startSink(logs(goodLog(count), goodLog(count)));
    h.reader.assign(0, 1);
    await h.run(() => stateOf(h, 0) === 'streaming' && stateOf(h, 1) === 'streaming');
    return h;
  }

  it('does not send again what landed although the answer was lost', async () => {
    const h = await streaming();
    const fates = ['lost_answer', 'ok'] as const;
    h.store.fate = () => fates[Math.min(h.store.inserts.length, 1)]!;
    await h.run(() => offsets(h, 0).length === 100 && h.sink.status().counts.applied === 200);
    expect(offsets(h, 0)).toEqual(upTo(100));
    expect(h.store.claims.length).toBe(2);
    // those rows are counted once, as applied, when the next claim finds them
    expect(h.sink.status().counts).toMatchObject({ consumed: 200, applied: 200, abandoned: 0 });
  });

  it('reads again what did not land', async () => {
    const h = await streaming();
    let refusals = 3;
    h.store.fate = () => (refusals-- > 0 ? 'refused' : 'ok');
    await h.run(() => offsets(h, 1).length === 100);
    expect(offsets(h, 0)).toEqual(upTo(100));
    expect(h.sink.status().counts).toMatchObject({ applied: 200, abandoned: 600 });
    expectBalance(h);
  });

  it('takes a new epoch before it looks, so that a request without an answer cannot land afterwards', async () => {
    for (const arrival of ['never', 'before_claim', 'after_claim'] as const) {
      const h = await streaming();
      let hung = false;
      h.store.arrival = () => arrival;
      h.store.fate = () => {
        const fate = hung ? 'ok' : 'hangs';
        hung = true;
        return fate;
      };
      await h.run(() => offsets(h, 0).length === 100 && offsets(h, 1).length === 100);
      expect(offsets(h, 0)).toEqual(upTo(100));
      expect(offsets(h, 1)).toEqual(upTo(100));
      expect(h.sink.status().counts.applied).toBe(200);
    }
  });

  it('believes the table and not a clean answer that comes after the deadline', async () => {
    const h = await streaming();
    let open = () => {};
    h.store.gate = new Promise((resolve) => {
      open = resolve;
    });
    h.reader.deliver();
    await h.clock.advance(200);
    expect(h.sink.status().inFlightRows).toBe(200);
    await h.clock.advance(5_000);
    expect(stateOf(h, 0)).not.toBe('streaming');
    // the INSERT goes through and answers; the claim that waits behind it finds its rows
    h.store.gate = null;
    open();
    await h.run(() => stateOf(h, 0) === 'streaming' && stateOf(h, 1) === 'streaming');
    await h.clock.advance(2_000);
    expect(offsets(h, 0)).toEqual(upTo(100));
    expect(offsets(h, 1)).toEqual(upTo(100));
    expect(h.store.inserts.map(({ fate }) => fate)).toEqual(['ok']);
    expect(h.sink.status().counts).toMatchObject({ consumed: 200, applied: 200, abandoned: 0 });
  });

  it.each(['half', 'fenced'] as const)(
    'counts what landed when one of two statements was refused (%s)',
    async (how) => {
      const h = await streaming();
      h.store.splits = true;
      if (how === 'fenced') h.store.fence(slotOf(1));
      else h.store.fate = () => (h.store.inserts.length === 0 ? 'half' : 'ok');
      await h.run(() => h.sink.status().counts.applied === 200);
      expect(offsets(h, 0)).toEqual(upTo(100));
      expect(offsets(h, 1)).toEqual(upTo(100));
      expect(h.sink.status().counts).toMatchObject({ consumed: 300, applied: 200, abandoned: 100 });
    },
  );

  it('throws away what was judged behind the doubtful rows', async () => {
    const h = await startSink(logs(goodLog(300)), { maxBatchRows: 100 });
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.store.fate = () => (h.store.inserts.length === 0 ? 'refused' : 'ok');
    h.reader.deliver(250);
    await h.run(() => offsets(h, 0).length === 300);
    expect(offsets(h, 0)).toEqual(upTo(300));
    expect(h.sink.status().counts.applied).toBe(300);
  });

  it('leaves slots alone that had no rows in the doubtful flush', async () => {
    const h = await startSink(logs(goodLog(100), []));
    h.reader.assign(0, 1);
    await h.run(() => stateOf(h, 1) === 'streaming');
    h.store.fate = () => (h.store.inserts.length === 0 ? 'refused' : 'ok');
    await h.run(() => offsets(h, 0).length === 100);
    expect(h.store.claims).toEqual([[slotOf(0), slotOf(1)], [slotOf(0)]]);
  });

  it('waits before it takes a slot back that somebody else took; the other slots go on at once', async () => {
    const h = await streaming();
    h.store.fence(slotOf(0));
    const startedMs = h.clock.monotonicMs();
    await h.run(() => offsets(h, 1).length === 100);
    expect(h.clock.monotonicMs() - startedMs).toBeLessThan(1_000);
    expect(offsets(h, 0)).toEqual([]);
    await h.run(() => offsets(h, 0).length === 100);
    expect(h.clock.monotonicMs() - startedMs).toBeGreaterThanOrEqual(3_000);
    expect(offsets(h, 0)).toEqual(upTo(100));
    expect(h.metrics.value('sink_batches_total', { table: 'events_raw', outcome: 'fenced' })).toBe(1);
  });

  it('waits longer each time the same slot is taken again, and no longer once it wrote', async () => {
    const h = await streaming(10_000);
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      h.store.fence(slotOf(0));
      h.reader.deliver(10);
      await h.run(() => stateOf(h, 0) === 'doubt');
      const sinceMs = h.clock.monotonicMs();
      await h.run(() => stateOf(h, 0) === 'streaming');
      waits.push(Math.round((h.clock.monotonicMs() - sinceMs) / 1_000));
      if (i === 2) await h.run(() => offsets(h, 0).length > 0);
    }
    expect(waits).toEqual([3, 6, 12, 3]);
  });

  it('gives a lost slot up for good when the group says so while it waits', async () => {
    const h = await streaming();
    h.store.fence(slotOf(0));
    await h.run(() => stateOf(h, 0) === 'doubt');
    h.reader.lose(0);
    await h.clock.advance(60_000);
    expect(h.store.claims.flat().filter((slot) => slot === slotOf(0)).length).toBe(1);
  });

  it('looks at nothing that a claim answers after its partition went away', async () => {
    const h = await startSink(logs(goodLog(10)));
    let open = () => {};
    h.store.gate = new Promise((resolve) => {
      open = resolve;
    });
    h.reader.assign(0);
    await h.settle();
    h.reader.lose(0);
    await h.settle();
    open();
    await h.clock.advance(1_000);
    expect(h.sink.status().partitions).toEqual([]);
    expect(h.reader.seeks).toEqual([]);
  });
});

describe('sink, changing hands', () => {
  it('flushes and commits before it lets go of a revoked partition', async () => {
    const h = await startSink(logs(goodLog(100)), { flushMinIntervalMs: 60_000, flushMaxIntervalMs: 60_000 });
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.reader.deliver(40);
    await h.settle();
    expect(offsets(h, 0)).toEqual([]);
    await h.reader.revoke(0);
    expect(offsets(h, 0)).toEqual(upTo(40));
    expect(h.reader.committed.get(0)).toBe(40);
    expect(h.metrics.value('sink_flush_reasons_total', { reason: 'drain' })).toBe(1);
  });

  it('finishes the flush in flight and the rows behind it first, and takes no more', async () => {
    const h = await startSink(logs(goodLog(100)), { maxBatchRows: 30 });
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    let open = () => {};
    h.store.gate = new Promise((resolve) => {
      open = resolve;
    });
    h.reader.deliver(100);
    await h.settle();
    const revoked = h.reader.revoke(0);
    await h.settle();
    h.store.gate = null;
    open();
    await h.settle();
    await revoked;
    expect(offsets(h, 0)).toEqual(upTo(60));
    expect(h.reader.committed.get(0)).toBe(60);
  });

  it('commits nothing that is not durable', async () => {
    const h = await startSink(logs(goodLog(100)), { flushMinIntervalMs: 60_000, flushMaxIntervalMs: 60_000 });
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.reader.deliver(40);
    await h.clock.advance(30_000);
    expect(h.reader.committed.get(0) ?? 0).toBe(0);
    await h.clock.advance(40_000);
    expect(h.reader.committed.get(0)).toBe(40);
  });

  it('does not hold a rebalance up for longer than its time-out', async () => {
    const h = await startSink(logs(goodLog(100)));
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.store.gate = new Promise(() => {});
    h.reader.deliver(50);
    await h.clock.advance(200);
    let isRevoked = false;
    void h.reader.revoke(0).then(() => {
      isRevoked = true;
    });
    await h.clock.advance(4_000);
    expect(isRevoked).toBe(false);
    await h.clock.advance(10_000);
    expect(isRevoked).toBe(true);
    expect(h.sink.status().partitions).toEqual([]);
    expect(h.sink.status().counts).toMatchObject({ consumed: 50, applied: 0, abandoned: 50 });
  });

  it('finishes a hand-over that the end of the process comes upon', async () => {
    const h = await startSink(logs(goodLog(100)), { maxBatchRows: 30 });
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    let open = () => {};
    h.store.gate = new Promise((resolve) => {
      open = resolve;
    });
    h.reader.deliver(60);
    await h.settle();
    const done: string[] = [];
    void h.reader.revoke(0).then(() => done.push('revoked'));
    await h.settle();
    void h.sink.stop().then(() => done.push('stopped'));
    await h.settle();
    expect(done).toEqual([]);
    h.store.gate = null;
    open();
    await h.settle();
    expect(done).toEqual(['revoked', 'stopped']);
    expect(offsets(h, 0)).toEqual(upTo(60));
    expect(h.reader.committed.get(0)).toBe(60);
    expect(h.sink.status().counts).toMatchObject({ consumed: 60, applied: 60, abandoned: 0 });
  });

  it('commits again what Kafka did not take, although nothing more arrives', async () => {
    const h = await startSink(logs(goodLog(40)));
    const { commit } = h.reader;
    let refusals = 2;
    h.reader.commit = async (positions) => {
      if (refusals-- > 0) throw new ReelstreamError('unavailable', 'coordinator away');
      return commit(positions);
    };
    h.reader.assign(0);
    await h.run(() => offsets(h, 0).length === 40);
    await h.clock.advance(5_000);
    expect(h.reader.committed.get(0)).toBe(40);
  });

  it('commits nothing for a lost partition and forgets what it had', async () => {
    const h = await startSink(logs(goodLog(100)), { flushMinIntervalMs: 60_000, flushMaxIntervalMs: 60_000 });
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.reader.deliver(40);
    await h.settle();
    h.reader.lose(0);
    await h.clock.advance(120_000);
    expect(h.store.inserts).toEqual([]);
    expect(h.reader.committed.has(0)).toBe(false);
    expect(h.sink.status().counts).toMatchObject({ consumed: 40, abandoned: 40 });
  });

  it('does not count a flush as the new owner when the partition left and came back meanwhile', async () => {
    const h = await startSink(logs(goodLog(100)));
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    let open = () => {};
    h.store.gate = new Promise((resolve) => {
      open = resolve;
    });
    h.reader.deliver(50);
    await h.clock.advance(200);
    h.reader.lose(0);
    h.reader.assign(0);
    await h.settle();
    h.store.gate = null;
    open();
    await h.run(() => offsets(h, 0).length === 100);
    expect(offsets(h, 0)).toEqual(upTo(100));
    expectBalance(h);
  });

  it('drains on stop: everything it took is durable and committed, nothing new is taken', async () => {
    const h = await startSink(logs(goodLog(100)), { flushMinIntervalMs: 60_000, flushMaxIntervalMs: 60_000 });
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.reader.deliver(60);
    await h.settle();
    await h.sink.stop();
    expect(offsets(h, 0)).toEqual(upTo(60));
    expect(h.reader.committed.get(0)).toBe(60);
    expect(h.sink.notReady()).toEqual(['draining']);
    await expect(h.sink.done).resolves.toBeUndefined();
  });

  it('ends within its deadline when ClickHouse does not answer', async () => {
    const h = await startSink(logs(goodLog(100)), { insertTimeoutMs: 60_000 });
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.store.gate = new Promise(() => {});
    h.reader.deliver(60);
    await h.clock.advance(200);
    let isStopped = false;
    void h.sink.stop().then(() => {
      isStopped = true;
    });
    await h.clock.advance(9_000);
    expect(isStopped).toBe(false);
    await h.clock.advance(2_000);
    expect(isStopped).toBe(true);
  });

  it('takes no partitions any more while it drains', async () => {
    const h = await startSink(logs(goodLog(10)));
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.store.gate = new Promise(() => {});
    h.reader.deliver(10);
    await h.clock.advance(200);
    void h.sink.stop();
    await h.settle();
    h.reader.assign(0);
    await h.settle();
    expect(h.store.claims.length).toBe(1);
  });
});

describe('sink, suspicious', () => {
  it('throws away what was fetched from elsewhere, and seeks', async () => {
    const log = goodLog(50);
    const h = await startSink(logs(log));
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.reader.deliverRaw(0, 20, log.slice(20, 30), 30);
    await h.clock.advance(200);
    expect(offsets(h, 0)).toEqual([]);
    expect(h.metrics.value('consumer_discarded_events_total')).toBe(10);
    expect(h.reader.seeks.at(-1)).toEqual([0, 0]);
    await h.run(() => offsets(h, 0).length === 50);
    expect(offsets(h, 0)).toEqual(upTo(50));
  });

  it('throws away what is fetched while a slot is not recovered', async () => {
    const log = goodLog(50);
    const h = await startSink(logs(log));
    let open = () => {};
    h.store.gate = new Promise((resolve) => {
      open = resolve;
    });
    h.reader.assign(0);
    await h.settle();
    h.reader.deliverRaw(0, 0, log.slice(0, 10), 10);
    await h.clock.advance(500);
    expect(h.sink.status().counts.consumed).toBe(0);
    h.store.gate = null;
    open();
    await h.run(() => offsets(h, 0).length === 50);
    expect(offsets(h, 0)).toEqual(upTo(50));
  });

  async function afterSomeRows(): Promise<SinkHarness> {
    const h = await startSink(logs(goodLog(50), goodLog(50)));
    h.reader.assign(0, 1);
    await h.run(() => offsets(h, 0).length === 50 && offsets(h, 1).length === 50);
    h.reader.lose(0, 1);
    await h.settle();
    return h;
  }

  it.each([
    ['the log begins behind the table', { start: 51, end: 80 }, /50 to 50 are gone from the log/],
    ['the log ends before the table does', { start: 0, end: 49 }, /ends at 49, the table expects 50/],
  ])('halts when %s', async (_, bounds, reason) => {
    const h = await afterSomeRows();
    h.bounds = bounds;
    h.reader.assign(0);
    await h.settle();
    expect(stateOf(h, 0)).toBe('halted');
    expect(h.sink.notReady()[0]).toMatch(reason);
    expect(h.metrics.value('consumer_halted_partitions')).toBe(1);
    await h.clock.advance(120_000);
    expect(stateOf(h, 0)).toBe('halted');
    expect(h.reader.isPaused(0)).toBe(true);
  });

  it('goes on where retention has taken everything up to the table', async () => {
    const h = await afterSomeRows();
    h.bounds = { start: 50, end: 50 };
    h.reader.assign(0);
    await h.settle();
    expect(stateOf(h, 0)).toBe('streaming');
  });

  it.each<[string, (log: LogRecord[]) => void, RegExp]>([
    [
      'another value',
      (log) => log.splice(49, 1, recordOf(49, 'ok', 1_000)),
      /not the one that the table holds/,
    ],
    [
      'another time',
      (log) => log.splice(49, 1, { ...recordOf(49), logTsMs: 5 }),
      /not the one that the table holds/,
    ],
    ['nothing', (log) => log.splice(49, 1), /holds nothing at offset 49.*compacted.*--rewind 10:N/],
  ])(
    'halts one slot and not its neighbour when the log holds %s at the last offset',
    async (_, change, reason) => {
      const log = goodLog(50);
      const h = await startSink(logs(log, goodLog(50)));
      h.reader.assign(0, 1);
      await h.run(() => offsets(h, 0).length === 50 && offsets(h, 1).length === 50);
      change(log);
      h.bounds = { start: 0, end: 50 };
      h.reader.lose(0, 1);
      h.reader.assign(0, 1);
      await h.settle();
      expect(stateOf(h, 0)).toBe('halted');
      expect(h.sink.notReady()[0]).toMatch(reason);
      expect(stateOf(h, 1)).toBe('streaming');
    },
  );

  it('flushes what it has before it halts where the reader cannot go on', async () => {
    const h = await startSink(logs(goodLog(50)), { flushMinIntervalMs: 60_000, flushMaxIntervalMs: 60_000 });
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.reader.deliver(20);
    await h.settle();
    h.reader.halt(0, 'offset 20 is not in the log');
    await h.clock.advance(1_000);
    expect(stateOf(h, 0)).toBe('streaming');
    await h.clock.advance(60_000);
    expect(stateOf(h, 0)).toBe('halted');
    expect(offsets(h, 0)).toEqual(upTo(20));
    expect(h.sink.notReady()).toEqual(['partition 0 halted: offset 20 is not in the log']);
  });
});

describe('sink and the registry', () => {
  const foreignLog = [recordOf(0), recordOf(1), recordOf(2, 'foreign'), recordOf(3), recordOf(4, 'foreign')];

  it('asks once and goes on where it stood', async () => {
    const h = await startSink(logs(foreignLog));
    h.reader.assign(0);
    await h.run(() => offsets(h, 0).length === 5);
    expect(offsets(h, 0)).toEqual(upTo(5));
    expect(h.registry.asked).toBe(1);
    expect(h.store.rowsOf(0).every((row) => row.verdict === 1)).toBe(true);
  });

  it('pauses only that partition while the registry is away, and turns no good event into a dead letter', async () => {
    const h = await startSink(logs(foreignLog, goodLog(5)));
    h.registry.state = 'away';
    h.reader.assign(0, 1);
    await h.run(() => offsets(h, 1).length === 5);
    await h.clock.advance(3_600_000);
    expect(offsets(h, 0)).toEqual([0, 1]);
    expect(h.reader.isPaused(0)).toBe(true);
    expect(h.reader.isPaused(1)).toBe(false);
    expect(h.sink.notReady()).toEqual(['partition 0 waits for the schema registry']);
    h.registry.state = 'up';
    await h.run(() => offsets(h, 0).length === 5);
    expect(h.deadLetters).toEqual([]);
    expect(h.store.rowsOf(0).every((row) => row.verdict === 1)).toBe(true);
  });

  it('makes records of a schema that does not exist dead letters', async () => {
    const h = await startSink(logs(foreignLog));
    h.registry.state = 'missing';
    h.reader.assign(0);
    await h.run(() => offsets(h, 0).length === 5);
    expect(h.store.rowsOf(0).map((row) => row.reason)).toEqual([0, 0, 2, 0, 2]);
    expect(h.deadLetters.length).toBe(2);
  });

  it('stops asking for a partition that went away', async () => {
    const h = await startSink(logs(foreignLog));
    h.registry.state = 'away';
    h.reader.assign(0);
    await h.run(() => h.registry.asked > 0);
    h.reader.lose(0);
    await h.settle();
    const { asked } = h.registry;
    await h.clock.advance(600_000);
    expect(h.registry.asked).toBeLessThanOrEqual(asked + 1);
  });
});

describe('sink and dead letters', () => {
  const badLog = [recordOf(0), recordOf(1, 'bad'), recordOf(2)];

  it('writes them before the INSERT, with where they came from', async () => {
    const h = await startSink(logs(badLog));
    let lettersAtInsert = -1;
    h.store.fate = () => {
      lettersAtInsert = h.deadLetters.length;
      return 'ok';
    };
    h.reader.assign(0);
    await h.run(() => offsets(h, 0).length === 3);
    expect(lettersAtInsert).toBe(1);
    expect(h.deadLetters[0]).toMatchObject({
      key: Buffer.from('7'),
      value: badLog[1]!.value,
      headers: {
        'reelstream-topic': 'ratings',
        'reelstream-partition': '0',
        'reelstream-offset': '1',
        'reelstream-reason': 'decode',
      },
    });
    expect(h.sink.status().counts).toMatchObject({ applied: 2, deadLettered: 1 });
  });

  it('holds the INSERT back until they are acknowledged', async () => {
    const h = await startSink(logs(badLog));
    h.deadLetterError = new ReelstreamError('unavailable', 'Kafka away');
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.reader.deliver();
    await h.clock.advance(150);
    expect(h.store.inserts).toEqual([]);
    await h.run(() => offsets(h, 0).length === 3);
    expect(h.deadLetters.length).toBe(1);
  });

  it('times the INSERT alone, and counts none where nothing was left to insert', async () => {
    const h = await startSink(logs(badLog));
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    h.deadLetterError = new ReelstreamError('unavailable', 'Kafka away');
    h.reader.deliver();
    await h.run(() => offsets(h, 0).length === 3);
    expect(h.metrics.value('sink_insert_duration_seconds')).toBe(1);
    // the second try at the dead letters came a quarter of a second after the first
    expect(h.metrics.sum('sink_insert_duration_seconds')).toBeLessThan(0.1);

    const lost = await startSink(logs(badLog));
    lost.reader.assign(0);
    await lost.run(() => stateOf(lost, 0) === 'streaming');
    lost.deadLetterError = new ReelstreamError('unavailable', 'Kafka away');
    lost.reader.deliver();
    await lost.clock.advance(150);
    lost.reader.lose(0);
    await lost.clock.advance(1_000);
    expect(lost.metrics.value('sink_batches_total')).toBe(0);
    expect(lost.metrics.value('sink_insert_duration_seconds')).toBe(0);
  });

  it('sends no rows of a slot that was lost while they were written', async () => {
    const h = await startSink(logs(badLog, goodLog(3)));
    h.reader.assign(0, 1);
    await h.run(() => stateOf(h, 1) === 'streaming');
    h.deadLetterError = new ReelstreamError('unavailable', 'Kafka away');
    h.reader.deliver();
    await h.clock.advance(150);
    h.reader.lose(0);
    await h.clock.advance(1_000);
    expect(h.store.inserts.map(({ slots }) => slots)).toEqual([[slotOf(1)]]);
    expect(h.sink.status().counts).toMatchObject({ applied: 3, abandoned: 3 });
  });
});

describe('sink, failing', () => {
  it('lives as long as its loop turns', async () => {
    const h = await startSink(logs([]));
    await h.clock.advance(3_600_000);
    expect(h.sink.isAlive()).toBe(true);
    await h.sink.stop();
    await h.clock.advance(61_000);
    expect(h.sink.isAlive()).toBe(false);
  });

  it.each([
    ['the reader dies', (h: SinkHarness) => h.reader.die(new Error('no right to read'))],
    [
      'the store is not what it should be',
      (h: SinkHarness) => {
        h.store.fate = () => {
          throw new TypeError('a bug');
        };
        h.reader.deliver();
      },
    ],
  ])('ends loudly when %s, after a drain', async (_, break_) => {
    const h = await startSink(logs(goodLog(10)));
    h.reader.assign(0);
    await h.run(() => stateOf(h, 0) === 'streaming');
    break_(h);
    await h.clock.advance(500);
    await expect(h.sink.done).rejects.toMatchObject({ code: 'unknown' });
    expect(h.sink.notReady()).toEqual(['draining']);
    const { consumed } = h.sink.status().counts;
    h.reader.deliver();
    await h.clock.advance(60_000);
    expect(h.sink.status().counts.consumed).toBe(consumed);
    expect(h.store.claims.length).toBe(1);
    const stopped = h.sink.stop();
    await h.clock.advance(20_000);
    await stopped;
  });
});
