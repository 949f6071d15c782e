import { expectedOf } from '../../producer/faults/expected.ts';
import { DIFFERENCE_KINDS, type Difference } from '../../producer/verify/differences.ts';
import { printLine, printTable } from '../print.ts';
import type { Verification } from './verification.ts';

/** For people; `toJson` has the same facts. */
export function printReport(verification: Verification): void {
  const { runId, topic, clusterId, ledgers, notCompared } = verification;
  printLine(`run ${runId} in ${topic} of cluster ${clusterId}`);
  for (const { path, closed, tornBytes, trustedBytes } of ledgers) {
    if (!closed) printLine(`${path}: no footer, so the run was killed or still goes on`);
    if (tornBytes > 0) printLine(`${path}: torn at byte ${trustedBytes}, ${tornBytes} bytes not trusted`);
  }
  printLine();
  printCounts(verification);
  printLabels(verification);
  printOutcomes(verification);
  printDifferences(verification);
  if (notCompared !== null) printLine(`ClickHouse not compared: ${notCompared}`);
  printLine(verdictOf(verification));
}

function printCounts({ claimed, log }: Verification): void {
  const { acknowledged, failed, keptBack, overloaded } = claimed;
  printTable(
    ['events', 'count'],
    [
      ['acknowledged, by the ledger', acknowledged],
      ['given up by the client', failed],
      ['kept back on purpose', keptBack],
      ['never generated: overload', overloaded],
      ['in the log', log.events],
      ['in the log without a written acknowledgement', log.unacknowledgedEvents],
      ['given up, and in the log nevertheless', log.failedEvents],
    ],
  );
  printLine();
  printTable(
    ['records', 'count'],
    [
      ['of the run', log.records],
      ['copies sent on purpose', log.copies],
      ['again, of events without a written acknowledgement', log.unacknowledgedRepeats],
      ['of others, since the run began', log.foreign],
    ],
  );
  printLine();
}

function printLabels({ claimed, log }: Verification): void {
  if (claimed.byLabel.size === 0) return;
  const rows = [...claimed.byLabel].sort().map(([label, events]) => {
    const [first, copy] = [becomes(label, 0), becomes(label, 1)];
    const outcome = first === copy ? first : `${first}, copies ${copy}`;
    return [label, events, log.byLabel.get(label) ?? 0, outcome];
  });
  printTable(['fault', 'events', 'records', 'must become'], rows);
  printLine();
}

function becomes(label: string, copy: number): string {
  const { verdict, reason } = expectedOf(label, copy);
  if (verdict === 'none') return 'no record';
  return reason === 'none' ? verdict : reason;
}

function printOutcomes({ outcomes }: Verification): void {
  if (outcomes === null) return;
  printTable(
    ['outcome', 'by the log', 'in events_raw', 'dead letters'],
    outcomes.map(({ outcome, expected, rows, letters }) => [outcome, expected, rows, letters]),
  );
  printLine();
}

function printDifferences({ differences, examples }: Verification): void {
  const found = [...differences].filter(([, count]) => count > 0);
  if (found.length === 0) return;
  printTable(
    ['difference', 'count'],
    found.map(([kind, count]) => [DIFFERENCE_KINDS[kind], count]),
  );
  printLine();
  for (const example of examples) printLine(lineOf(example));
  printLine();
}

function lineOf({ kind, event, partition, offset, expected, found }: Difference): string {
  const where = partition === null ? '' : ` at ${partition}:${offset}`;
  const who = event === null ? '' : ` event ${event}`;
  return `${kind}${who}${where}: expected ${expected}, found ${found}`;
}

function verdictOf({ exact, outcomes, differences }: Verification): string {
  const scope =
    outcomes === null ? 'the log agrees with the ledger' : 'ledger, log, events_raw and dead letters agree';
  if (exact) return `verified: ${scope}`;
  const total = [...differences.values()].reduce((sum, count) => sum + count, 0);
  const differ = total === 1 ? '1 difference' : `${total.toLocaleString('en-US')} differences`;
  return `NOT verified: ${differ}, the first ten of each kind above`;
}

export function toJson({ claimed, log, differences, ...rest }: Verification): object {
  return {
    ...rest,
    claimed: { ...claimed, byLabel: Object.fromEntries(claimed.byLabel) },
    log: { ...log, byLabel: Object.fromEntries(log.byLabel) },
    differences: Object.fromEntries(differences),
  };
}
