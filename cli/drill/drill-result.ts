import type { DrillCase } from './drill-case.ts';
import type { HistoryDrill } from './history/history-drill.ts';
import type { DrillVerdict } from './judge.ts';
import type { Receiver } from './receiver.ts';
import { type Waiting, waitUntil } from './wait-until.ts';

export type AnyDrill = DrillCase | HistoryDrill;

export const isOnHistory = (drill: AnyDrill): drill is HistoryDrill => 'story' in drill;

export interface DrillResult extends DrillVerdict {
  readonly drill: AnyDrill;
  /** calls of the dead man's switch meanwhile */
  readonly heartbeats: number;
}

/** A drill may be shorter than the time between two heartbeats, and then the next one is waited for. */
const HEARTBEAT_WITHIN_MS = 30_000;

/** With what the dead man's switch says: one that does not call while alerts are told is broken itself. */
export async function withHeartbeat(
  result: Omit<DrillResult, 'heartbeats'>,
  before: number,
  { receiver, ...waiting }: Waiting & { readonly receiver: Receiver },
): Promise<DrillResult> {
  const called = await waitUntil(waiting, HEARTBEAT_WITHIN_MS, () => receiver.heartbeats() > before);
  const silent = called ? [] : ['no heartbeat came: the way of alerts is broken'];
  const heartbeats = receiver.heartbeats() - before;
  return { ...result, heartbeats, deviations: [...result.deviations, ...silent] };
}

export function notDone(drill: AnyDrill, why: string): DrillResult {
  const toldAfterSeconds = drill.expected.map(() => null);
  const nothing = { toldAfterSeconds, resolvedAfterSeconds: null, aftermath: [], heartbeats: 0 };
  return { drill, ...nothing, deviations: [why] };
}
