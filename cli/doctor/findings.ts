import { isWorking, type ProcessStatus } from '../../embedded/supervisor/stack-status.ts';

/** `bad`: something does not work; `warn`: it works and somebody should know; `ok`. */
export type Health = 'ok' | 'warn' | 'bad';

export interface Finding {
  readonly what: string;
  readonly health: Health;
  readonly detail: string;
}

/** A process of the stack; the stack does without an optional one. */
export function processFinding(status: ProcessStatus): Finding {
  const { name, state, residentBytes, optional, logFile } = status;
  const isUp = isWorking(status);
  return {
    what: `process ${name}`,
    health: isUp ? 'ok' : optional ? 'warn' : 'bad',
    detail: isUp ? `${Math.round(residentBytes / 1e6)} MB` : `${state}; see ${logFile ?? 'its log'}`,
  };
}

/** A look at one thing that may fail: a failure is a finding too, never an end of the examination. */
export async function examine(what: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (thrown) {
    return [{ what, health: 'bad', detail: thrown instanceof Error ? thrown.message : String(thrown) }];
  }
}

/** How the embedded ClickHouse stopped before it was started; null where there was no stop. */
export function stopFinding(status: { wasCleanStop: boolean; isFirstStart: boolean }): Finding | null {
  const what = 'ClickHouse, last stop';
  if (status.isFirstStart) return null;
  if (status.wasCleanStop) return { what, health: 'ok', detail: 'orderly' };
  const detail = 'not orderly: what was written last may be gone; reelstream audit tells';
  return { what, health: 'warn', detail };
}

export interface SlotFigures {
  readonly partition: number;
  readonly slot: number;
  /** first offset the log still holds, and the one behind the last */
  readonly logStart: number;
  readonly logEnd: number;
  /** last offset in raw; null while there is none */
  readonly lastRaw: number | null;
}

/** What log and table say about each other. */
export function slotFinding({ partition, slot, logStart, logEnd, lastRaw }: SlotFigures): Finding {
  const what = `partition ${partition} (slot ${slot})`;
  const next = lastRaw === null ? logStart : lastRaw + 1;
  if (next > logEnd) {
    const detail = `events_raw holds offset ${lastRaw}, the log ends at ${logEnd}: the topic was re-created or truncated`;
    return { what, health: 'bad', detail };
  }
  if (next < logStart) {
    const detail = `the log begins at ${logStart}, events_raw needs ${next}: retention overtook the sink`;
    return { what, health: 'bad', detail };
  }
  return { what, health: 'ok', detail: `${logEnd - next} records behind, next offset ${next}` };
}
