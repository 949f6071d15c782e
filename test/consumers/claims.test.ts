import { describe, expect, it } from 'vitest';
import { ReelstreamError } from '../../core/errors.ts';
import { slotOf } from '../helpers/scripted-store.ts';
import { goodLog, type SinkHarness, startSink } from '../helpers/sink-harness.ts';

const PARTITIONS = [0, 1, 2];
const start = (count: number) => startSink(new Map(PARTITIONS.map((p) => [p, goodLog(count)])));
const rows = (h: SinkHarness) => PARTITIONS.map((p) => h.store.rowsOf(p).length);
const stateOf = (h: SinkHarness, partition: number) =>
  h.sink.status().partitions.find((one) => one.partition === partition)?.state;
const claimsOf = (h: SinkHarness, partition: number) =>
  h.store.claims.filter((slots) => slots.includes(slotOf(partition))).length;

describe('claims', () => {
  it('let one slot that cannot be claimed hold up nobody else', async () => {
    const h = await start(40);
    h.store.claimError = (slots) =>
      slots.includes(slotOf(2)) ? new ReelstreamError('timeout', 'a statement still runs') : null;
    h.reader.assign(...PARTITIONS);
    await h.run(() => rows(h).join() === '40,40,0', 5_000);
    await h.clock.advance(600_000);
    expect(rows(h)).toEqual([40, 40, 0]);
    // backed off to one try in 15 s, whatever the others write
    expect(claimsOf(h, 2)).toBeLessThan(50);
    expect(h.sink.notReady()).toEqual([expect.stringMatching(/^partition 2 is not streaming/)]);
    h.store.claimError = () => null;
    await h.run(() => rows(h).join() === '40,40,40', 20_000);
  });

  it('are made together again once a slot has recovered', async () => {
    const h = await start(40);
    let failures = 1;
    h.store.claimError = () => (failures-- > 0 ? new ReelstreamError('unavailable', 'away') : null);
    h.reader.assign(...PARTITIONS);
    await h.run(() => PARTITIONS.every((p) => stateOf(h, p) === 'streaming'));
    const all = PARTITIONS.map(slotOf);
    expect(h.store.claims).toEqual([all, ...all.map((slot) => [slot])]);
    h.store.fate = () => (h.store.inserts.length === 0 ? 'refused' : 'ok');
    await h.run(() => rows(h).join() === '40,40,40');
    expect(h.store.claims.at(-1)).toEqual(all);
  });

  it('do not wait for the claim of a slot that takes for ever', async () => {
    const h = await start(2_000);
    const { claim } = h.store;
    h.store.claim = (slots, beat) => (slots.includes(slotOf(2)) ? new Promise(() => {}) : claim(slots, beat));
    h.reader.assign(...PARTITIONS);
    await h.run(() => stateOf(h, 0) === 'streaming' && stateOf(h, 1) === 'streaming', 40_000);
    await h.run(() => stateOf(h, 2) === 'claiming', 40_000);
    h.store.fate = () => (h.store.inserts.length === 0 ? 'refused' : 'ok');
    await h.run(() => rows(h).join() === '2000,2000,0', 5_000);
  });

  it('are counted by slot and timed by claim', async () => {
    const h = await start(1);
    h.reader.assign(...PARTITIONS);
    await h.run(() => stateOf(h, 2) === 'streaming');
    expect(h.metrics.value('sink_recoveries_total', { cause: 'claim' })).toBe(3);
    expect(h.metrics.value('sink_recover_duration_seconds')).toBe(1);
  });

  it('are made again when the ids of the duplicate window cannot be read', async () => {
    const h = await start(40);
    const { recentIds } = h.store;
    let failures = 2;
    h.store.recentIds = async (slot, from) => {
      if (failures-- > 0) throw new ReelstreamError('unavailable', 'the answer is cut short');
      return recentIds(slot, from);
    };
    h.reader.assign(...PARTITIONS);
    await h.run(() => rows(h).join() === '40,40,40');
    await h.sink.stop();
    await expect(h.sink.done).resolves.toBeUndefined();
  });
});
