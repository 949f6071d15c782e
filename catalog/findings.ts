import { ReelstreamError } from '../core/errors.ts';

/**
 * What happened to source rows. Each row `read` ends as exactly one of `loaded`, `dropped` and `quarantined`. The others
 * say more about rows that were loaded: `repaired` took a known flaw by its rule, `blanked` could not read one field and
 * left it empty (the text is in the quarantine file), `noted` changed nothing.
 */
export const OUTCOMES = ['read', 'loaded', 'dropped', 'quarantined', 'repaired', 'blanked', 'noted'] as const;
export type Outcome = (typeof OUTCOMES)[number];
export type Remark = Exclude<Outcome, 'read' | 'loaded'>;

/** How often one thing was found in one file, and where: a row of `load_reports`. */
export interface Finding {
  readonly file: string;
  readonly outcome: Outcome;
  /** '' where the whole row is meant */
  readonly field: string;
  readonly reason: string;
  readonly rows: number;
  /** line numbers of the first hundred */
  readonly lines: readonly number[];
}

/** What was wrong with a row or with one of its fields. */
export interface Trouble {
  readonly field: string;
  readonly reason: string;
  /** the text that was not used, where a field was blanked */
  readonly text?: string;
  /** what was done instead, for the error log */
  readonly detail?: string;
}

/** One remark about one row, as the error log has it. */
export interface JournalEntry extends Trouble {
  readonly file: string;
  readonly outcome: Remark;
  readonly line: number;
  /** the whole row, where it was quarantined */
  readonly bytes?: Buffer;
}

export interface Remarked {
  readonly file: string;
  readonly outcome: Remark;
  readonly line: number;
  readonly bytes?: Buffer;
}

const KEPT_LINES = 100;
/** Reasons that hold for most rows of an honest file: counted, not logged one by one. */
const EVERYDAY = new Set(['zero_is_unknown', 'empty', 'no_votes']);

export interface Findings {
  add(at: Remarked, trouble: Trouble): void;
  /** a remark about many rows at once, of which nothing is logged */
  note(file: string, trouble: Trouble, rows: number): void;
  /** plain counts, without a reason */
  tally(file: string, outcome: 'read' | 'loaded', rows: number): void;
  count(outcome: Outcome, file?: string): number;
  /** ordered by file, outcome, field and reason, so that the same files give the same report */
  list(): Finding[];
  /** @throws ReelstreamError `unknown` when a row of a file was read and is nowhere */
  requireBalance(): void;
}

/** Collects findings in bounded memory: every one is counted, the first hundred keep their line, all go to the journal. */
export function createFindings(journal: (entry: JournalEntry) => void = () => {}): Findings {
  type Open = Omit<Finding, 'rows' | 'lines'> & { rows: number; lines: number[] };
  const byKey = new Map<string, Open>();
  const open = (file: string, outcome: Outcome, field: string, reason: string): Open => {
    const key = `${file}\u0000${outcome}\u0000${field}\u0000${reason}`;
    let finding = byKey.get(key);
    if (!finding) {
      finding = { file, outcome, field, reason, rows: 0, lines: [] };
      byKey.set(key, finding);
    }
    return finding;
  };
  const count = (outcome: Outcome, file?: string) =>
    [...byKey.values()]
      .filter((one) => one.outcome === outcome && (file === undefined || one.file === file))
      .reduce((sum, { rows }) => sum + rows, 0);
  return {
    add(at, trouble) {
      const finding = open(at.file, at.outcome, trouble.field, trouble.reason);
      finding.rows += 1;
      if (finding.lines.length < KEPT_LINES) finding.lines.push(at.line);
      if (at.outcome !== 'noted' && !EVERYDAY.has(trouble.reason)) journal({ ...at, ...trouble });
    },
    note(file, { field, reason }, rows) {
      if (rows > 0) open(file, 'noted', field, reason).rows += rows;
    },
    tally(file, outcome, rows) {
      open(file, outcome, '', '').rows += rows;
    },
    count,
    list() {
      return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, finding]) => finding);
    },
    requireBalance() {
      for (const file of new Set([...byKey.values()].map((one) => one.file))) {
        const read = count('read', file);
        const placed = count('loaded', file) + count('dropped', file) + count('quarantined', file);
        if (read === placed) continue;
        throw new ReelstreamError(
          'unknown',
          `${file}: ${read} rows read, ${placed} loaded, dropped or quarantined; nothing was loaded`,
          { details: { file, read, placed } },
        );
      }
    },
  };
}
