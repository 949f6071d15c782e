import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Slot } from '../../clickhouse/sink-store.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { LogRecord } from '../../core/log-record.ts';
import type { Arrival, InsertFate } from '../helpers/scripted-store.ts';
import { slotOf } from '../helpers/scripted-store.ts';
import { type RecordKind, recordOf, type SinkHarness, startSink } from '../helpers/sink-harness.ts';

/** What may happen next; anything, in any order, at any time. */
type Step =
  | { readonly kind: 'deliver'; readonly max: number }
  | { readonly kind: 'stray'; readonly partition: number; readonly position: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'fate'; readonly fates: readonly InsertFate[]; readonly arrival: Arrival }
  | { readonly kind: 'revoke' | 'lose' | 'assign'; readonly partition: number }
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'fence'; readonly partition: number }
  | { readonly kind: 'claims_fail'; readonly times: number; readonly partition: number | null }
  | { readonly kind: 'registry'; readonly state: 'up' | 'away' }
  | { readonly kind: 'letters_fail' };

/** REELSTREAM_TEST_RUNS=5000 for a long search */
const RUNS = Number(process.env.REELSTREAM_TEST_RUNS ?? 80);
const PARTITIONS = [0, 1, 2];
const partition = fc.constantFrom(...PARTITIONS);
const fate = fc.constantFrom<InsertFate>('ok', 'ok', 'half', 'lost_answer', 'refused', 'hangs');

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('deliver' as const), max: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(0, 1, 60, 110, 900, 6_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fate' as const),
      fates: fc.array(fate, { minLength: 1, maxLength: 4 }),
      arrival: fc.constantFrom<Arrival>('never', 'before_claim', 'after_claim'),
    }),
  },
  fc.record({ kind: fc.constant('stray' as const), partition, position: fc.nat(60) }),
  fc.record({ kind: fc.constantFrom('revoke' as const, 'lose' as const, 'assign' as const), partition }),
  fc.record({ kind: fc.constant('rebalance' as const) }),
  fc.record({ kind: fc.constant('fence' as const), partition }),
  fc.record({
    kind: fc.constant('claims_fail' as const),
    times: fc.integer({ min: 1, max: 12 }),
    partition: fc.option(partition),
  }),
  fc.record({
    kind: fc.constant('registry' as const),
    state: fc.constantFrom('up' as const, 'away' as const),
  }),
  fc.record({ kind: fc.constant('letters_fail' as const) }),
);

const log = fc
  .array(
    fc.record({
      gap: fc.constantFrom(1, 1, 1, 1, 3),
      kind: fc.constantFrom<RecordKind>('ok', 'ok', 'ok', 'bad', 'foreign'),
      repeats: fc.constantFrom(0, 0, 0, 0, 2),
    }),
    { maxLength: 60, size: 'max' },
  )
  .map((entries) => {
    let offset = -1;
    return entries.map(({ gap, kind, repeats }): LogRecord => {
      offset += gap;
      return recordOf(offset, kind, Math.max(0, offset - repeats));
    });
  });

async function play(
  h: SinkHarness,
  logs: ReadonlyMap<number, readonly LogRecord[]>,
  one: Step,
): Promise<void> {
  const { reader, store } = h;
  switch (one.kind) {
    case 'deliver':
      reader.deliver(one.max);
      return h.settle();
    case 'stray': {
      const records = logs
        .get(one.partition)!
        .filter(({ offset }) => offset >= one.position)
        .slice(0, 5);
      reader.deliverRaw(one.partition, one.position, records, (records.at(-1)?.offset ?? one.position) + 1);
      return;
    }
    case 'pass':
      return h.clock.advance(one.ms);
    case 'fate': {
      const fates = [...one.fates];
      store.fate = () => fates.shift() ?? 'ok';
      store.arrival = () => one.arrival;
      return;
    }
    case 'revoke':
      // not awaited: whatever comes next may come before the hand-over is done
      void reader.revoke(one.partition);
      return;
    case 'lose':
      return reader.lose(one.partition);
    case 'assign':
      return reader.assign(one.partition);
    case 'rebalance':
      void reader.revoke(...PARTITIONS);
      await h.settle();
      return reader.assign(...PARTITIONS);
    case 'fence':
      return store.fence(slotOf(one.partition));
    case 'claims_fail': {
      let left = one.times;
      const isMeant = (slots: readonly Slot[]) =>
        one.partition === null || slots.includes(slotOf(one.partition));
      store.claimError = (slots) =>
        isMeant(slots) && left-- > 0 ? new ReelstreamError('timeout', 'a statement still runs') : null;
      return;
    }
    case 'registry':
      h.registry.state = one.state;
      return;
    case 'letters_fail':
      h.deadLetterError = new ReelstreamError('unavailable', 'Kafka away');
      return;
  }
}

function heal(h: SinkHarness): void {
  h.store.fate = () => 'ok';
  h.store.claimError = () => null;
  h.registry.state = 'up';
  h.deadLetterError = null;
}

/** Verdict and reason of every record, from the log alone. */
function expectedRows(records: readonly LogRecord[]): string[] {
  const seen = new Set<number>();
  let next = 0;
  return records.map(({ offset, value }) => {
    const skipped = offset - next;
    next = offset + 1;
    const id = value!.readUIntBE(2, 6);
    if (value![0] === 1) return `${offset} ${skipped} 3/3`;
    if (seen.has(id)) return `${offset} ${skipped} 2/20`;
    seen.add(id);
    return `${offset} ${skipped} 1/0`;
  });
}

describe('sink, whatever happens', () => {
  it('ends with every record in the table once, in order, with the verdict that the log alone gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(log, log, log),
        fc.boolean(),
        fc.array(step, { maxLength: 80, size: 'max' }),
        async (records, splits, steps) => {
          const logs = new Map(PARTITIONS.map((p) => [p, records[p]!]));
          const h = await startSink(logs, { maxBatchRows: 25 });
          h.store.splits = splits;
          h.reader.assign(...PARTITIONS);
          for (const one of steps) await play(h, logs, one);
          heal(h);
          await h.clock.advance(20_000);
          // only what the group took away: whatever state the others are in, they must get out of it by themselves
          h.reader.assign(...PARTITIONS.filter((p) => !h.reader.owns(p)));
          const isComplete = () => PARTITIONS.every((p) => h.store.rowsOf(p).length >= records[p]!.length);
          await h.run(isComplete);
          await h.clock.advance(3_000);
          for (const p of PARTITIONS) {
            const found = h.store
              .rowsOf(p)
              .map((r) => `${r.offset} ${r.skippedBefore} ${r.verdict}/${r.reason}`);
            expect(found).toEqual(expectedRows(records[p]!));
            const bad = records[p]!.filter(({ value }) => value![0] === 1).map(
              ({ offset }) => `${p}/${offset}`,
            );
            const letters = h.deadLetters.map(
              ({ headers }) => `${headers['reelstream-partition']}/${headers['reelstream-offset']}`,
            );
            expect(letters).toEqual(expect.arrayContaining(bad));
          }
          const { counts } = h.sink.status();
          expect(counts.consumed).toBe(
            counts.applied + counts.dropped + counts.deadLettered + counts.abandoned,
          );
          await h.sink.stop();
        },
      ),
      { numRuns: RUNS },
    );
  }, 120_000);
});
