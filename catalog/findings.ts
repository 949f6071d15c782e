/** What happened to source rows. `repaired` rows are loaded, `dropped` and `quarantined` ones are not. */
export type Outcome = 'read' | 'loaded' | 'repaired' | 'dropped' | 'quarantined';

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

/** Where one row is, and what was wrong with it. */
export interface Trouble {
  readonly field: string;
  readonly reason: string;
}

const KEPT_LINES = 100;

export interface Findings {
  add(file: string, outcome: 'repaired' | 'dropped' | 'quarantined', trouble: Trouble, line: number): void;
  /** plain counts, without a reason */
  tally(file: string, outcome: 'read' | 'loaded', rows: number): void;
  count(outcome: Outcome): number;
  /** ordered by file, outcome, field and reason, so that the same files give the same report */
  list(): Finding[];
}

/** Collects findings in bounded memory: every one is counted, the first hundred keep their line. */
export function createFindings(): Findings {
  type Open = Omit<Finding, 'rows' | 'lines'> & { rows: number; lines: number[] };
  const byKey = new Map<string, Open>();
  const open = (file: string, outcome: Outcome, field: string, reason: string): Open => {
    const key = JSON.stringify([file, outcome, field, reason]);
    const finding = byKey.get(key) ?? { file, outcome, field, reason, rows: 0, lines: [] };
    byKey.set(key, finding);
    return finding;
  };
  return {
    add(file, outcome, { field, reason }, line) {
      const finding = open(file, outcome, field, reason);
      finding.rows += 1;
      if (finding.lines.length < KEPT_LINES) finding.lines.push(line);
    },
    tally(file, outcome, rows) {
      open(file, outcome, '', '').rows += rows;
    },
    count(outcome) {
      return [...byKey.values()].reduce((sum, f) => sum + (f.outcome === outcome ? f.rows : 0), 0);
    },
    list() {
      return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, finding]) => finding);
    },
  };
}
