import { describe, expect, it } from 'vitest';
import { createFilmIndex } from '../../clickhouse/film-index.ts';
import { createSinkBatch, type RowOwner } from '../../consumers/sink-batch.ts';
import { type DeadLetterReason, deadLetter, type Judgement, OK } from '../../core/verdict.ts';
import { KAFKA_TIME_MS, rating } from '../helpers/events.ts';
import { readRawRows } from '../helpers/raw-rows.ts';

const films = createFilmIndex(7, [{ movieId: 296, genreIds: [1, 2, 3], companyIds: [4], releaseYear: 1994 }]);
const owner = (slot: number): RowOwner => ({ partition: slot - 10, slot, epoch: BigInt(slot * 100) });
const record = (offset: number, value = Buffer.from('value')) => ({
  offset,
  logTsMs: KAFKA_TIME_MS,
  key: null,
  value,
});
const ok: Judgement = { verdict: OK, event: rating(), late: false };
const bad = (reason: DeadLetterReason): Judgement => ({
  verdict: deadLetter(reason),
  event: null,
  late: false,
});

describe('batch', () => {
  it('orders rows by slot and offset, however they came', () => {
    const batch = createSinkBatch(
      () => films,
      () => 0,
    );
    const [a, b] = [owner(12), owner(10)];
    for (const offset of [5, 6]) {
      batch.add(a, record(offset), 0, ok);
      batch.add(b, record(offset + 100), 0, ok);
    }
    const sent = batch.take(() => true);
    expect(readRawRows(sent.body).map(({ slot, offset }) => [slot, offset])).toEqual([
      [10, 105],
      [10, 106],
      [12, 5],
      [12, 6],
    ]);
    expect(sent.slots).toEqual([
      { slot: 10, epoch: 1_000n, first: 105, last: 106, rows: 2, bytes: sent.body.length / 2 },
      { slot: 12, epoch: 1_200n, first: 5, last: 6, rows: 2, bytes: sent.body.length / 2 },
    ]);
    expect(sent.rows).toBe(4);
  });

  it('knows its size: rows, bytes with the dead letters, and what the widest view makes of it', () => {
    const batch = createSinkBatch(
      () => films,
      () => 42,
    );
    batch.add(owner(10), record(1), 0, ok);
    const { bytes } = batch;
    expect(batch).toMatchObject({ rows: 1, fanOut: 5, openedAtMs: 42 });
    batch.add(owner(11), record(1, Buffer.alloc(1_000)), 0, bad('decode'));
    expect(batch.rows).toBe(2);
    expect(batch.bytes - bytes).toBeGreaterThan(1_000);
    expect(batch.bytes - bytes).toBeLessThan(1_200);
  });

  it('gives a slot back whole', () => {
    const batch = createSinkBatch(
      () => films,
      () => 0,
    );
    const [a, b] = [owner(10), owner(11)];
    batch.add(a, record(1), 0, ok);
    const { rows, bytes, fanOut } = batch;
    batch.add(b, record(1), 0, ok);
    batch.add(b, record(2), 0, bad('bad_magic'));
    const removed = batch.remove(b)!;
    expect(removed.tally).toMatchObject({
      rows: 2,
      byReason: expect.objectContaining({ none: 1, bad_magic: 1 }),
    });
    expect(removed.letters.map(({ offset, reason }) => [offset, reason])).toEqual([[2, 'bad_magic']]);
    expect({ rows: batch.rows, bytes: batch.bytes, fanOut: batch.fanOut }).toEqual({ rows, bytes, fanOut });
    expect(batch.remove(b)).toBeNull();
    batch.add(a, record(2), 0, ok);
    expect(readRawRows(batch.take(() => true).body).map(({ slot, offset }) => [slot, offset])).toEqual([
      [10, 1],
      [10, 2],
    ]);
  });

  it('leaves out the slots that are not chosen', () => {
    const batch = createSinkBatch(
      () => films,
      () => 0,
    );
    const [a, b] = [owner(10), owner(11)];
    batch.add(a, record(1), 0, ok);
    batch.add(b, record(1), 0, ok);
    const sent = batch.take((one) => one === b);
    expect(sent).toMatchObject({ rows: 1, slots: [{ slot: 11 }] });
    expect(readRawRows(sent.body).length).toBe(1);
  });

  it('keeps the times of a run of records as a run', () => {
    const batch = createSinkBatch(
      () => films,
      () => 0,
    );
    const one = owner(10);
    [5, 5, 5, 9, 5].forEach((logTsMs, offset) => {
      batch.add(one, { ...record(offset), logTsMs }, 0, ok);
    });
    expect(batch.slots.get(one)!.tally).toMatchObject({ logTsMs: [5, 9, 5], logTsCounts: [3, 1, 1] });
  });
});
