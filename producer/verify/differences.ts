/** What can be wrong, and how it is called. The order is the order of the report. */
export const DIFFERENCE_KINDS = {
  missing: 'acknowledged, but not in the log',
  missing_copy: 'duplicated on purpose, but copies are not in the log',
  duplicate: 'in the log more often than it was sent on purpose',
  order: "behind a later event of the same person's",
  not_generated: 'in the log, but never generated',
  ledger: 'footer and statements of the ledger disagree',
  row_missing: 'in the log, but not in events_raw',
  row_extra: 'in events_raw, but not in the log',
  row_twice: 'in events_raw more than once',
  row_bytes: 'the row in events_raw is of other bytes',
  verdict: 'another verdict than the fault asks for',
  letter_missing: 'dead letter that is not in the dead-letter topic',
  letter_extra: 'in the dead-letter topic without belonging there',
} as const;
export type DifferenceKind = keyof typeof DIFFERENCE_KINDS;

export interface Difference {
  readonly kind: DifferenceKind;
  /** null where only the place is known */
  readonly event: number | null;
  readonly partition: number | null;
  readonly offset: number | null;
  readonly expected: string;
  readonly found: string;
}

export interface Differences {
  add(difference: Difference): void;
  readonly total: number;
  count(kind: DifferenceKind): number;
  /** The first ten of each kind by event number, then place: the same ones in whatever order they were found. */
  examples(): Difference[];
}

const EXAMPLES_PER_KIND = 10;

export function createDifferences(): Differences {
  const counts = new Map<DifferenceKind, number>();
  const kept = new Map<DifferenceKind, Difference[]>();
  let total = 0;
  return {
    get total() {
      return total;
    },
    add(difference) {
      const { kind } = difference;
      total += 1;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      const examples = kept.get(kind) ?? [];
      kept.set(kind, examples);
      if (examples.length === EXAMPLES_PER_KIND && compare(difference, examples.at(-1)!) >= 0) return;
      const at = examples.findIndex((other) => compare(difference, other) < 0);
      examples.splice(at === -1 ? examples.length : at, 0, difference);
      examples.length = Math.min(examples.length, EXAMPLES_PER_KIND);
    },
    count: (kind) => counts.get(kind) ?? 0,
    examples: () => Object.keys(DIFFERENCE_KINDS).flatMap((kind) => kept.get(kind as DifferenceKind) ?? []),
  };
}

function compare(a: Difference, b: Difference): number {
  const later = Number.MAX_SAFE_INTEGER;
  return (
    (a.event ?? later) - (b.event ?? later) ||
    (a.partition ?? later) - (b.partition ?? later) ||
    (a.offset ?? later) - (b.offset ?? later)
  );
}
