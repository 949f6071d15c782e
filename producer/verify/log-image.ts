import type { DifferenceKind, Differences } from './differences.ts';
import {
  ANY_OUTCOME,
  codeOf,
  isDeadLetter,
  NO_RECORD,
  nameOf,
  OUTCOMES,
  type Outcome,
  type OutcomeCode,
} from './outcome.ts';

/** Two bytes per offset: what the record there must have become, what was found of it, a share of its value's hash. */
const CODE = 0x0f;
const HAS_ROW = 0x10;
const HAS_LETTER = 0x20;
const HASH_SHIFT = 6;
const HASH = 0x3ff;

/** Rows and dead letters of the run's records, by outcome, whether expected or not. */
export interface OutcomeCounts {
  readonly outcome: Outcome;
  readonly expected: number;
  readonly rows: number;
  /** distinct records in the dead-letter topic */
  readonly letters: number;
}

/** What the log holds between two offsets of each partition, for holding tables and dead letters against it. */
export interface LogImage {
  /** A record of the log. `hash`: the lower lane of its value's hash */
  record(partition: number, offset: number, expected: OutcomeCode, hash: number): void;
  /** A row of events_raw. */
  row(partition: number, offset: number, outcome: Outcome, hash: number): void;
  /** A dead letter; those about other offsets are ignored. */
  letter(partition: number, offset: number, reason: string): void;
  /** After the last row and letter: finds what is missing. */
  finish(): OutcomeCounts[];
}

export interface OffsetRange {
  readonly from: number;
  readonly to: number;
}

export function createLogImage(ranges: ReadonlyMap<number, OffsetRange>, differences: Differences): LogImage {
  const images = new Map(
    [...ranges].map(([partition, { from, to }]) => [
      partition,
      { from, cells: new Uint16Array(Math.max(0, to - from)) },
    ]),
  );
  const counts = new Map(OUTCOMES.map((outcome) => [outcome, { outcome, expected: 0, rows: 0, letters: 0 }]));

  const differ = (partition: number, offset: number, fault: Fault | null): void => {
    if (fault === null) return;
    const [kind, expected, found] = fault;
    differences.add({ kind, event: null, partition, offset, expected, found });
  };

  return {
    record(partition, offset, expected, hash) {
      const { from, cells } = images.get(partition)!;
      cells[offset - from] = expected | ((hash & HASH) << HASH_SHIFT);
      if (expected !== ANY_OUTCOME) counts.get(OUTCOMES[expected - 1]!)!.expected += 1;
    },
    row(partition, offset, outcome, hash) {
      const { from, cells } = images.get(partition)!;
      const cell = cells[offset - from] ?? NO_RECORD;
      differ(partition, offset, faultOfRow(cell, outcome, hash));
      if (offset - from < cells.length) cells[offset - from] = cell | HAS_ROW;
      if (isPromised(cell & CODE)) counts.get(outcome)!.rows += 1;
    },
    letter(partition, offset, reason) {
      const image = images.get(partition);
      const cell = image?.cells[offset - image.from];
      if (image === undefined || cell === undefined || cell & HAS_LETTER) return;
      image.cells[offset - image.from] = cell | HAS_LETTER;
      const code = cell & CODE;
      if (code === ANY_OUTCOME) return;
      if (nameOf(code) !== reason) differ(partition, offset, ['letter_extra', nameOf(code), reason]);
      const count = counts.get(reason as Outcome);
      if (count && isPromised(code)) count.letters += 1;
    },
    finish() {
      for (const [partition, { from, cells }] of images) {
        for (let i = 0; i < cells.length; i++) {
          const cell = cells[i]!;
          const code = cell & CODE;
          if (code === NO_RECORD) continue;
          if (!(cell & HAS_ROW)) differ(partition, from + i, ['row_missing', nameOf(code), 'no row']);
          if (cell & HAS_LETTER || !isDeadLetter(code)) continue;
          differ(partition, from + i, ['letter_missing', nameOf(code), 'no letter']);
        }
      }
      return [...counts.values()].filter(({ expected, rows, letters }) => expected + rows + letters > 0);
    },
  };
}

type Fault = readonly [kind: DifferenceKind, expected: string, found: string];

function isPromised(code: OutcomeCode): boolean {
  return code !== NO_RECORD && code !== ANY_OUTCOME;
}

function faultOfRow(cell: number, outcome: Outcome, hash: number): Fault | null {
  const code = cell & CODE;
  if (code === NO_RECORD) return ['row_extra', 'no row', outcome];
  if (cell & HAS_ROW) return ['row_twice', '1 row', 'another one'];
  if (cell >>> HASH_SHIFT !== (hash & HASH)) return ['row_bytes', "the record's bytes", 'other ones'];
  return code === ANY_OUTCOME || code === codeOf(outcome) ? null : ['verdict', nameOf(code), outcome];
}
