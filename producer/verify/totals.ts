import type { RunClaims } from './claims.ts';
import type { Differences } from './differences.ts';
import type { Session } from './session.ts';

/** Events by what the ledger says became of them. */
export interface ClaimTotals {
  readonly acknowledged: number;
  readonly failed: number;
  /** made and kept back by a drop fault */
  readonly keptBack: number;
  /** never made, by overload policy */
  readonly overloaded: number;
  readonly byLabel: ReadonlyMap<string, number>;
}

/** What the statements add up to; where a footer says otherwise, the run did not write down what it did. */
export function addUpClaims({ sessions, faults }: RunClaims, differences: Differences): ClaimTotals {
  for (const session of sessions) compareWithFooter(session, differences);
  const byLabel = new Map<string, number>();
  for (const { label } of faults.values()) byLabel.set(label, (byLabel.get(label) ?? 0) + 1);
  const sum = (of: (session: Session) => number) => sessions.reduce((total, one) => total + of(one), 0);
  return {
    acknowledged: sum(acknowledgedOf),
    failed: sum(({ failed }) => failed.size),
    keptBack: sum(({ keptBack }) => keptBack),
    overloaded: sum(overloadedOf),
    byLabel,
  };
}

function acknowledgedOf({ next, ownBelow, overloaded, failed, keptBack }: Session): number {
  return ownBelow(next) - overloaded.countBelow(next) - failed.size - keptBack;
}

function overloadedOf({ overloaded }: Session): number {
  return overloaded.countBelow(Number.POSITIVE_INFINITY);
}

function compareWithFooter(session: Session, differences: Differences): void {
  const { footer, header, next, byLabel } = session;
  if (footer === null) return;
  const compare = (what: string, said: number, found: number) => {
    if (said === found) return;
    const expected = `${what}: ${said}, by the footer of worker ${header.worker}`;
    differences.add({
      kind: 'ledger',
      event: null,
      partition: null,
      offset: null,
      expected,
      found: `${found}`,
    });
  };
  compare('failed', footer.failed, session.failed.size);
  compare('overloaded', footer.overloaded, overloadedOf(session));
  for (const label of new Set([...byLabel.keys(), ...Object.keys(footer.byLabel)])) {
    compare(label, footer.byLabel[label] ?? 0, byLabel.get(label) ?? 0);
  }
  // with events unresolved at the end, the run knows more than it was sure enough of to state
  if (session.end > next) return;
  compare('acknowledged', footer.acknowledged, acknowledgedOf(session));
  compare('generated and overloaded', footer.generated + footer.overloaded, session.ownBelow(next));
}
