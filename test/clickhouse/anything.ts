import fc from 'fast-check';
import { expect } from 'vitest';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { ClaimedSlot, SinkStore, Slot } from '../../clickhouse/sink-store.ts';
import type { Clock } from '../../core/clock.ts';
import {
  batchOf,
  claimNew,
  DERIVED_TABLES,
  expectExact,
  FEBRUARY,
  JANUARY,
  loseNewestPart,
  noBeat,
  numberOf,
} from './fixture.ts';

type Step =
  | { readonly kind: 'send'; readonly counts: readonly number[] }
  | { readonly kind: 'crash'; readonly lost: readonly Lost[] }
  | { readonly kind: 'month'; readonly february: boolean }
  | { readonly kind: 'stale' };

/** The newest parts of one table in one slot. */
interface Lost {
  readonly table: string;
  readonly slotIndex: number;
  readonly parts: number;
}

const SLOTS = 2;
const lost: fc.Arbitrary<Lost> = fc.record({
  table: fc.constantFrom(...DERIVED_TABLES, 'events_raw'),
  slotIndex: fc.nat(SLOTS - 1),
  parts: fc.integer({ min: 1, max: 3 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('send' as const), counts: fc.tuple(fc.nat(60), fc.nat(60)) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('crash' as const),
      lost: fc.array(lost, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('month' as const), february: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'stale' as const }) },
);

interface World {
  readonly clickhouse: ClickHouse;
  readonly store: SinkStore;
  readonly clock: Clock & { nowAtMs: number };
}

/** Sends, losses of newest parts, changes of the month and claims in any order: exact after every claim. */
export async function checkAnything(
  world: World,
  { runs, maxSteps }: { readonly runs: number; readonly maxSteps: number },
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: maxSteps }), (steps) => play(world, steps)),
    { numRuns: runs },
  );
}

async function play({ clickhouse, store, clock }: World, steps: readonly Step[]): Promise<void> {
  let claimed: ClaimedSlot[] = await claimNew(store, SLOTS);
  const slots = claimed.map(({ slot }) => slot);
  const position = new Map<Slot, number>(slots.map((slot) => [slot, 0]));
  const claimAgain = async () => {
    claimed = await store.claim(slots, noBeat);
    await expectExact(clickhouse, slots);
  };
  const send = async (counts: readonly number[]) => {
    const runs = claimed.map(({ slot, epoch }, i) => {
      const from = position.get(slot)!;
      return { slot, epoch, from, to: from + counts[i]! };
    });
    const batch = batchOf(runs);
    if (batch.rows === 0) return;
    await store.insert(batch);
    for (const { slot, to } of runs) position.set(slot, to);
  };
  const crash = async (all: readonly Lost[]) => {
    for (const { table, slotIndex, parts } of all) {
      for (let i = 0; i < parts; i++) await loseNewestPart(clickhouse, table, slots[slotIndex]!);
    }
    await claimAgain();
    for (const { slot, nextOffset } of claimed) {
      const number = numberOf(nextOffset);
      expect(number).toBeLessThanOrEqual(position.get(slot)!);
      position.set(slot, number);
    }
  };
  const stale = async () => {
    const { slot, epoch } = claimed[0]!;
    await claimAgain();
    const from = position.get(slot)!;
    const late = batchOf([{ slot, epoch, from, to: from + 5 }]);
    await expect(store.insert(late)).rejects.toMatchObject({ code: 'fenced' });
  };
  for (const one of steps) {
    if (one.kind === 'month') clock.nowAtMs = one.february ? FEBRUARY : JANUARY;
    else if (one.kind === 'send') await send(one.counts);
    else if (one.kind === 'stale') await stale();
    else await crash(one.lost);
  }
  await claimAgain();
}
