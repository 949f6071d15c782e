import type { FilmIndex } from '../clickhouse/film-index.ts';
import { createRawRowWriter, type RawRowWriter } from '../clickhouse/raw-row-writer.ts';
import type { FencedBatch, Slot } from '../clickhouse/sink-store.ts';
import type { LogRecord } from '../core/log-record.ts';
import { valueHash } from '../core/value-hash.ts';
import type { Judgement } from '../core/verdict.ts';
import type { DeadLetter } from './dead-letters.ts';
import { count, createTally, type Tally } from './tally.ts';

/** Whose rows these are: one slot under one epoch. */
export interface RowOwner {
  readonly partition: number;
  readonly slot: Slot;
  readonly epoch: bigint;
}

/** Rows of one slot within a batch: one contiguous run of its log. */
export interface SlotRows<Owner extends RowOwner> {
  readonly owner: Owner;
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  readonly fanOut: number;
  readonly tally: Tally;
  readonly letters: readonly DeadLetter[];
}

/** Rows of all slots that go out with one INSERT. */
export interface SinkBatch<Owner extends RowOwner> {
  readonly rows: number;
  /** encoded rows and dead letters */
  readonly bytes: number;
  /** rows that the widest view makes of the batch */
  readonly fanOut: number;
  /** monotonic time of the first row, ms */
  readonly openedAtMs: number;
  readonly slots: ReadonlyMap<Owner, SlotRows<Owner>>;
  /** the next record of its slot */
  add(owner: Owner, record: LogRecord, skippedBefore: number, judgement: Judgement): void;
  /** takes the rows of a slot out again */
  remove(owner: Owner): SlotRows<Owner> | null;
  /** The rows of the chosen slots, ordered by slot and offset. Once per batch: it hands the bytes over. */
  take(isChosen: (owner: Owner) => boolean): FencedBatch;
}

interface Entry<Owner extends RowOwner> extends SlotRows<Owner> {
  last: number;
  bytes: number;
  fanOut: number;
  readonly letters: DeadLetter[];
  readonly writer: RawRowWriter;
}

const hash = { hi: 0, lo: 0 };

/** An empty batch. Its first row decides which catalogue the film ids of all its rows come from. */
export function createSinkBatch<Owner extends RowOwner>(
  newestFilms: () => FilmIndex,
  monotonicMs: () => number,
): SinkBatch<Owner> {
  const slots = new Map<Owner, Entry<Owner>>();
  let rows = 0;
  let bytes = 0;
  let fanOut = 0;
  let openedAtMs = 0;
  let latest: Entry<Owner> | null = null;
  let films = newestFilms();

  function entryOf(owner: Owner, offset: number): Entry<Owner> {
    const known = slots.get(owner);
    if (known) return known;
    const writer = createRawRowWriter(owner.slot);
    const made = {
      owner,
      first: offset,
      last: offset,
      bytes: 0,
      fanOut: 0,
      tally: createTally(),
      letters: [],
      writer,
    };
    slots.set(owner, made);
    return made;
  }

  return {
    slots,
    get rows() {
      return rows;
    },
    get bytes() {
      return bytes;
    },
    get fanOut() {
      return fanOut;
    },
    get openedAtMs() {
      return openedAtMs;
    },
    add(owner, record, skippedBefore, judgement) {
      if (rows === 0) {
        openedAtMs = monotonicMs();
        films = newestFilms();
      }
      const entry = latest?.owner === owner ? latest : entryOf(owner, record.offset);
      latest = entry;
      const film = films.filmOf(judgement);
      valueHash(record.value, hash);
      const before = entry.writer.bytes;
      entry.writer.append(record, hash, skippedBefore, judgement, film);
      let added = entry.writer.bytes - before;
      if (judgement.verdict.kind === 'dead_letter') {
        entry.letters.push(toLetter(owner.partition, record, judgement.verdict.reason));
        added += record.value?.length ?? 0;
      }
      count(entry.tally, judgement.verdict, record.logTsMs);
      entry.last = record.offset;
      entry.bytes += added;
      entry.fanOut += film.fanOut;
      rows += 1;
      bytes += added;
      fanOut += film.fanOut;
    },
    remove(owner) {
      const entry = slots.get(owner);
      if (!entry) return null;
      slots.delete(owner);
      latest = null;
      rows -= entry.tally.rows;
      bytes -= entry.bytes;
      fanOut -= entry.fanOut;
      return entry;
    },
    take(isChosen) {
      const chosen = [...slots.values()]
        .filter((entry) => isChosen(entry.owner))
        .sort((a, b) => a.owner.slot - b.owner.slot);
      const bodies = chosen.map((entry) => entry.writer.take());
      return {
        rows: chosen.reduce((sum, entry) => sum + entry.tally.rows, 0),
        body: Buffer.concat(bodies),
        slots: chosen.map(({ owner, first, last, tally }, i) => ({
          slot: owner.slot,
          epoch: owner.epoch,
          first,
          last,
          rows: tally.rows,
          bytes: bodies[i]!.length,
        })),
      };
    },
  };
}

function toLetter(partition: number, record: LogRecord, reason: DeadLetter['reason']): DeadLetter {
  const { offset, logTsMs, key, value } = record;
  return { partition, offset, logTsMs, key, value, reason };
}
