import type { ClaimedSlot, FencedBatch, SinkStore, Slot } from '../../clickhouse/sink-store.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { type RawRow, readRawRows } from './raw-rows.ts';

/**
 * What becomes of an INSERT: `ok`; `half` one of two statements was written, by slot, and the other was refused;
 * `lost_answer` written, but the answer does not come; `refused` nothing written and an error; `hangs` no answer at all, and
 * `arrival` says when the server gets it.
 */
export type InsertFate = 'ok' | 'half' | 'lost_answer' | 'refused' | 'hangs';

/**
 * When a hanging INSERT reaches the server: `never`; `before_claim`, so that the next claim of its slots waits for it and
 * sees its rows; `after_claim`, when that has looked already: then it lands if its epochs are still the newest.
 */
export type Arrival = 'never' | 'before_claim' | 'after_claim';

const SLOT_OF_PARTITION_0 = 10;

/** The tables without ClickHouse: raw rows by slot, epochs, and a fate for every call. */
export interface ScriptedStore extends SinkStore {
  readonly raw: Map<Slot, RawRow[]>;
  readonly inserts: { readonly slots: Slot[]; readonly rows: number; readonly fate: InsertFate | 'fenced' }[];
  readonly claims: (readonly Slot[])[];
  /** fate of the next INSERTs */
  fate: () => InsertFate;
  /** of the next INSERTs that hang */
  arrival: () => Arrival;
  /** null: a claim of these slots works */
  claimError: (slots: readonly Slot[]) => ReelstreamError | null;
  /** while set, claims and INSERTs wait for it */
  gate: Promise<void> | null;
  /** true: a batch goes out as two statements, of which only those with a lost slot are refused */
  splits: boolean;
  /** another process takes the slot */
  fence(slot: Slot): void;
  rowsOf(partition: number): RawRow[];
}

export const slotOf = (partition: number): Slot => SLOT_OF_PARTITION_0 + partition;

export function createScriptedStore(): ScriptedStore {
  const raw = new Map<Slot, RawRow[]>();
  const epochs = new Map<Slot, bigint>();
  let hanging: { readonly batch: FencedBatch; readonly arrival: Arrival }[] = [];

  const rowsOfSlot = (slot: Slot): RawRow[] => {
    const rows = raw.get(slot) ?? [];
    raw.set(slot, rows);
    return rows;
  };
  const land = (batch: FencedBatch, isChosen: (slot: Slot) => boolean = () => true) => {
    for (const row of readRawRows(batch.body)) if (isChosen(row.slot)) rowsOfSlot(row.slot).push(row);
  };

  const lostSlotsOf = (batch: FencedBatch) =>
    batch.slots.filter(({ slot, epoch }) => epochs.get(slot) !== epoch).map(({ slot }) => slot);

  const store: ScriptedStore = {
    raw,
    inserts: [],
    claims: [],
    fate: () => 'ok',
    arrival: () => 'never',
    claimError: () => null,
    gate: null,
    splits: false,
    fence: (slot) => void epochs.set(slot, (epochs.get(slot) ?? 0n) + 1n),
    rowsOf: (partition) => raw.get(slotOf(partition)) ?? [],

    async slotsOf(partitions) {
      return new Map(partitions.map(({ partition }) => [partition, slotOf(partition)]));
    },

    async claim(slots, beat) {
      store.claims.push(slots);
      if (store.gate) await store.gate;
      await beat();
      const error = store.claimError(slots);
      if (error) throw error;
      for (const slot of slots) epochs.set(slot, (epochs.get(slot) ?? 0n) + 1n);
      const ended = hanging.filter(({ batch }) => batch.slots.some(({ slot }) => slots.includes(slot)));
      hanging = hanging.filter((one) => !ended.includes(one));
      for (const { batch, arrival } of ended) if (arrival === 'before_claim') land(batch);
      const claimed = slots.map((slot): ClaimedSlot => {
        const last = rowsOfSlot(slot).at(-1);
        return {
          slot,
          partition: slot - SLOT_OF_PARTITION_0,
          epoch: epochs.get(slot)!,
          nextOffset: last ? last.offset + 1 : null,
          last: last ? { offset: last.offset, logTsMs: last.logTsMs, valueHash: last.valueHash } : null,
          repairs: [],
        };
      });
      for (const { batch, arrival } of ended) {
        if (arrival === 'after_claim' && lostSlotsOf(batch).length === 0) land(batch);
      }
      return claimed;
    },

    async insert(batch) {
      if (store.gate) await store.gate;
      const slots = batch.slots.map(({ slot }) => slot);
      const lost = lostSlotsOf(batch);
      const note = (fate: InsertFate | 'fenced') => store.inserts.push({ slots, rows: batch.rows, fate });
      const firstHalf = new Set(slots.slice(0, Math.ceil(slots.length / 2)));
      if (lost.length > 0) {
        note('fenced');
        if (store.splits && !lost.some((slot) => firstHalf.has(slot)))
          land(batch, (slot) => firstHalf.has(slot));
        throw new ReelstreamError('fenced', 'a newer epoch', { details: { slots: lost.join(',') } });
      }
      const fate = store.fate();
      note(fate);
      if (fate === 'half' && slots.length > 1) land(batch, (slot) => firstHalf.has(slot));
      if (fate === 'refused' || fate === 'half')
        throw new ReelstreamError('clickhouse', 'refused', { details: { number: 252 } });
      if (fate === 'hangs') {
        hanging.push({ batch, arrival: store.arrival() });
        return new Promise(() => {});
      }
      land(batch);
      if (fate === 'lost_answer') throw new ReelstreamError('unavailable', 'connection reset');
    },

    async recentIds(slot, fromOffset) {
      const ok = rowsOfSlot(slot).filter((row) => row.verdict === 1 && row.offset >= fromOffset);
      return Buffer.concat(
        ok.map((row) => {
          const offset = Buffer.alloc(8);
          offset.writeBigUInt64LE(BigInt(row.offset));
          return Buffer.concat([offset, row.eventId]);
        }),
      );
    },
  };
  return store;
}
