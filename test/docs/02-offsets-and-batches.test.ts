/**
 * Chapter 2: offsets and batches.
 *
 * Rows go to ClickHouse in batches, and the position is in the rows. This chapter shows what the sink takes from the
 * log, when it sends, what it does when it does not know what became of a batch, and when it refuses to go on.
 */
import { describe, expect, it } from 'vitest';
import { createFlushPolicy } from '../../core/flush-policy.ts';
import { createOffsetRun } from '../../core/offset-run.ts';
import { goodLog, recordOf, type SinkHarness, startSink } from '../helpers/sink-harness.ts';

const offsets = (h: SinkHarness) => h.store.rowsOf(0).map((row) => row.offset);
const upTo = (end: number) => Array.from({ length: end }, (_, i) => i);
const stateOf = (h: SinkHarness) => h.sink.status().partitions[0]?.state;

async function streaming(count: number): Promise<SinkHarness> {
  const h = await startSink(new Map([[0, goodLog(count)]]));
  h.reader.assign(0);
  await h.run(() => stateOf(h) === 'streaming');
  return h;
}

describe('1. A record counts only as the next one', () => {
  const run = () => createOffsetRun(100);
  const fetch = (position: number, ...records: number[]) => ({
    position,
    records: records.map((offset) => ({ offset })),
    nextPosition: (records.at(-1) ?? position - 1) + 1,
  });

  it('a fetch asked from where we stand is taken', () => {
    expect(run().accepts(fetch(100, 100, 101, 102))).toBe(true);
  });

  it("a gap inside it is the log's own, and is written down", () => {
    const one = run();
    expect(one.accepts(fetch(100, 104))).toBe(true);
    expect(one.take(104)).toBe(4);
  });

  it('a fetch asked from anywhere else proves nothing, whatever is in it', () => {
    expect(run().accepts(fetch(90, 100, 101))).toBe(false);
    expect(run().accepts(fetch(104, 104, 105))).toBe(false);
  });

  it('so the sink throws it away and asks again', async () => {
    const h = await streaming(50);
    h.reader.deliverRaw(0, 20, goodLog(50).slice(20), 50);
    await h.settle();
    expect(h.sink.status().counts.consumed).toBe(0);
    expect(h.reader.seeks.at(-1)).toEqual([0, 0]);
  });
});

describe('2. A batch is sent when it is old enough or large enough', () => {
  const policy = () =>
    createFlushPolicy({
      minIntervalMs: 250,
      maxIntervalMs: 2_000,
      maxRows: 100,
      maxBytes: 10_000,
      maxFanOut: 500,
    });

  it('an empty one never', () => {
    expect(policy().due({ rows: 0, bytes: 0, fanOut: 0 }, 60_000)).toBeNull();
  });

  it('and the reason is counted', () => {
    expect(policy().due({ rows: 1, bytes: 100, fanOut: 6 }, 250)).toBe('age');
    expect(policy().due({ rows: 100, bytes: 100, fanOut: 6 }, 0)).toBe('rows');
    expect(policy().due({ rows: 1, bytes: 10_000, fanOut: 6 }, 0)).toBe('bytes');
    expect(policy().due({ rows: 1, bytes: 100, fanOut: 500 }, 0)).toBe('fan_out');
  });

  it('small batches wait longer: a flush costs the same however little it carries', () => {
    const one = policy();
    for (let i = 0; i < 10; i++) one.flushed(3);
    expect(one.intervalMs).toBe(2_000);
  });
});

describe('3. While one batch is on its way the next one fills, and then the log waits', () => {
  it('with one INSERT under way at most', async () => {
    const h = await startSink(new Map([[0, goodLog(1_000)]]), { maxBatchRows: 100 });
    h.reader.assign(0);
    await h.run(() => stateOf(h) === 'streaming');
    h.store.gate = new Promise(() => {});
    h.reader.deliver(1_000);
    await h.clock.advance(1_000);
    expect(h.sink.status()).toMatchObject({ inFlightRows: 100, batchRows: 100 });
    expect(h.reader.deliver()).toBe(0);
  });
});

describe('4. The position is in the table', () => {
  it("Kafka's committed offset is written for the eyes of operators and never read", async () => {
    const h = await streaming(30);
    await h.run(() => h.reader.committed.get(0) === 30);
    h.reader.lose(0);
    h.reader.committed.set(0, 5);
    h.reader.assign(0);
    await h.settle();
    expect(h.reader.seeks.at(-1)).toEqual([0, 30]);
  });
});

describe('5. When the answer to an INSERT is anything but clean, nobody knows what landed', () => {
  it('nothing is sent again blindly: the slot is claimed anew, and the table says where to go on', async () => {
    const h = await streaming(100);
    h.store.fate = () => (h.store.inserts.length === 0 ? 'lost_answer' : 'ok');
    await h.run(() => h.sink.status().counts.applied === 100);
    expect(offsets(h)).toEqual(upTo(100));
    expect(h.store.claims.length).toBe(2);
  });

  it('what did not land is read from Kafka again', async () => {
    const h = await streaming(100);
    h.store.fate = () => (h.store.inserts.length === 0 ? 'refused' : 'ok');
    await h.run(() => offsets(h).length === 100);
    expect(offsets(h)).toEqual(upTo(100));
    expect(h.sink.status().counts.abandoned).toBe(100);
  });
});

describe('6. A partition that changes hands leaves nothing behind', () => {
  it('in an orderly hand-over what is judged is flushed and committed first', async () => {
    const h = await streaming(100);
    h.reader.deliver(40);
    await h.reader.revoke(0);
    expect(offsets(h)).toEqual(upTo(40));
    expect(h.reader.committed.get(0)).toBe(40);
  });

  it('what is lost is forgotten: the next owner reads it again', async () => {
    const h = await streaming(100);
    h.reader.deliver(40);
    await h.settle();
    h.reader.lose(0);
    await h.clock.advance(10_000);
    expect(offsets(h)).toEqual([]);
  });
});

describe('7. When log and table disagree the slot is halted, and only a person can go on', () => {
  it('for example when retention has taken records that are not in the table', async () => {
    const h = await startSink(new Map([[0, goodLog(50)]]));
    h.bounds = { start: 7, end: 50 };
    h.store.raw.set(10, []);
    h.reader.assign(0);
    // an empty table may begin wherever the log begins
    await h.run(() => stateOf(h) === 'streaming');
    await h.run(() => offsets(h).length === 43);
    h.reader.lose(0);
    h.bounds = { start: 60, end: 90 };
    h.reader.assign(0);
    await h.settle();
    expect(stateOf(h)).toBe('halted');
    expect(h.sink.notReady()[0]).toMatch(/records 50 to 59 are gone from the log/);
  });

  it('or when the log holds another record where the table ends', async () => {
    const log = [recordOf(0), recordOf(1)];
    const h = await startSink(new Map([[0, log]]));
    h.reader.assign(0);
    await h.run(() => offsets(h).length === 2);
    h.reader.lose(0);
    log[1] = recordOf(1, 'ok', 777);
    h.reader.assign(0);
    await h.settle();
    expect(stateOf(h)).toBe('halted');
  });
});
