import type { SlotState } from '../core/slot-state.ts';
import type { SinkContext } from './sink-context.ts';
import type { SinkCounts, SinkMetrics } from './sink-metrics.ts';

/** A slot that takes longer to stream makes the process unready. */
const READY_WITHIN_MS = 15_000;

export interface SinkStatus {
  readonly counts: Readonly<SinkCounts>;
  readonly freshness: ReturnType<SinkMetrics['freshness']>;
  /** judged, not yet sent */
  readonly batchRows: number;
  /** sent, not yet answered */
  readonly inFlightRows: number;
  readonly partitions: readonly {
    readonly partition: number;
    readonly slot: number;
    readonly state: SlotState;
    readonly position: number | null;
    readonly haltReason: string | null;
  }[];
}

/** Figures for people and tests. */
export function statusOf({ metrics, batch, inFlight, owned }: SinkContext): SinkStatus {
  return {
    counts: { ...metrics.counts },
    freshness: metrics.freshness(),
    batchRows: batch.rows,
    inFlightRows: inFlight?.rows ?? 0,
    partitions: [...owned.values()]
      .sort((a, b) => a.partition - b.partition)
      .map(({ partition, slot, state, run, haltReason }) => ({
        partition,
        slot,
        state,
        position: run?.position ?? null,
        haltReason,
      })),
  };
}

/** Why this sink is not ready; empty when it is. A sink without partitions is a ready stand-by. */
export function notReadyReasons({ owned, draining, parts }: SinkContext): string[] {
  if (draining) return ['draining'];
  const nowMs = parts.clock.monotonicMs();
  return [...owned.values()].flatMap(({ partition, state, idleSinceMs, haltReason, asking }) => {
    if (haltReason !== null) return [`partition ${partition} halted: ${haltReason}`];
    if (asking) return [`partition ${partition} waits for the schema registry`];
    const isSlow = state !== 'streaming' && state !== 'releasing' && nowMs - idleSinceMs > READY_WITHIN_MS;
    return isSlow ? [`partition ${partition} is not streaming: ${state}`] : [];
  });
}

export function publishGauges({ owned, metrics }: SinkContext): void {
  const slots = [...owned.values()];
  metrics.partitions(
    slots.length,
    slots.filter((slot) => slot.paused || slot.held).length,
    slots.filter((slot) => slot.state === 'halted').length,
  );
  metrics.windows(
    slots.reduce((sum, { window, run }) => sum + (window && run ? window.entriesAt(run.position) : 0), 0),
  );
}
