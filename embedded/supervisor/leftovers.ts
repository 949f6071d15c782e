import { type StopOutcome, stopProcess } from './child-process.ts';
import { isAlive } from './process-identity.ts';
import { type RunRecord, readRunRecords, removeRunRecord } from './run-record.ts';
import { inStopOrder } from './start-order.ts';

export interface Stopped {
  readonly name: string;
  readonly outcome: StopOutcome;
}

/**
 * Ends recorded processes, dependents first, and forgets them. Only the very process a record was written for is signalled.
 * The caller holds the stack's lock.
 * @throws the first failure, after everything else was stopped
 */
export async function stopRecorded(
  home: string,
  records: readonly RunRecord[],
  onStopped: (stopped: Stopped) => void,
): Promise<void> {
  const outcomes = await inStopOrder(records, async (record) => {
    const outcome = await stopProcess(record, record.stopDeadlineMs);
    removeRunRecord(home, record.name);
    onStopped({ name: record.name, outcome });
  });
  for (const outcome of outcomes.values()) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Processes whose supervisor died (SIGKILL, a crash) and records of processes that are gone. */
export function findLeftovers(home: string): RunRecord[] {
  return readRunRecords(home).filter(
    (record) => !isAlive(record) || (record.supervisor !== null && !isAlive(record.supervisor)),
  );
}
