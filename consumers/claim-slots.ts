import type { ClaimedSlot, SinkStore } from '../clickhouse/sink-store.ts';
import type { Clock } from '../core/clock.ts';
import { withDeadline, withStallDeadline } from '../core/deadline.ts';
import { createDedupeWindow, DEDUPE_WINDOW_OFFSETS, type DedupeWindow } from '../core/dedupe-window.ts';
import { ReelstreamError } from '../core/errors.ts';
import { valueHashOf } from '../core/value-hash.ts';
import type { LogBounds } from '../kafka/admin.ts';
import type { LogProbe } from './log-probe.ts';

export interface ClaimOptions {
  readonly store: SinkStore;
  readonly probe: LogProbe;
  readonly topic: string;
  readonly clock: Clock;
  /** longest silence of a claim or of one look at the log */
  readonly stallTimeoutMs: number;
}

/** Where a slot goes on, or why it must not. */
export type Recovery =
  | { readonly position: number; readonly window: DedupeWindow; readonly haltReason?: undefined }
  | { readonly haltReason: string };

/**
 * First half of taking partitions over: their slots, under a new epoch, with no older insert running and the aggregates
 * repaired. All partitions in one call, because the store drains and repairs them together.
 * @param beat called at least once a second; throws to abandon the claim
 */
export async function claimSlots(
  { store, probe, topic, clock, stallTimeoutMs }: ClaimOptions,
  partitions: readonly number[],
  beat: () => Promise<void>,
): Promise<ClaimedSlot[]> {
  return withStallDeadline(
    async (alive) => {
      const clusterId = await probe.clusterId();
      const partitionCount = await probe.partitionCount(topic);
      alive();
      const slots = await store.slotsOf(
        partitions.map((partition) => ({ clusterId, topic, partition, partitionCount })),
      );
      alive();
      return store.claim([...slots.values()], () => {
        alive();
        return beat();
      });
    },
    stallTimeoutMs,
    clock,
    'claim',
  );
}

/** Second half: the log must go on exactly where the table ends; then the duplicate window is filled from the table. */
export async function recoverSlot(options: ClaimOptions, claimed: ClaimedSlot): Promise<Recovery> {
  return withDeadline(recover(options, claimed), options.stallTimeoutMs, options.clock, 'look at the log');
}

async function recover({ store, probe, topic }: ClaimOptions, claimed: ClaimedSlot): Promise<Recovery> {
  const { partition, slot, last } = claimed;
  const where = `${topic}[${partition}]`;
  const { start, end } = await boundsOf(probe, topic, partition);
  const position = claimed.nextOffset ?? start;
  if (start > position) {
    return halt(
      `${where}: records ${position} to ${start - 1} are gone from the log and not in the table; ` +
        'raise the retention, then restore them or accept the loss by opening a new stream',
    );
  }
  if (end < position) {
    return halt(
      `${where}: the log ends at ${end}, the table expects ${position}; the topic was truncated or re-created, ` +
        'or this is another cluster',
    );
  }
  if (last && start <= last.offset && !(await isInLog(probe, topic, partition, last))) {
    return halt(
      `${where}: the record at offset ${last.offset} is not the one that the table holds; ` +
        'the topic was re-created, or this is another cluster',
    );
  }
  const recent = await store.recentIds(slot, Math.max(0, position - DEDUPE_WINDOW_OFFSETS));
  return { position, window: createDedupeWindow(DEDUPE_WINDOW_OFFSETS, recent) };
}

async function boundsOf(probe: LogProbe, topic: string, partition: number): Promise<LogBounds> {
  const bounds = (await probe.bounds(topic)).get(partition);
  if (bounds) return bounds;
  throw new ReelstreamError('kafka', `${topic}[${partition}]: Kafka does not know this partition`);
}

const halt = (haltReason: string): Recovery => ({ haltReason });

async function isInLog(
  probe: LogProbe,
  topic: string,
  partition: number,
  last: NonNullable<ClaimedSlot['last']>,
): Promise<boolean> {
  const record = await probe.recordAt(topic, partition, last.offset);
  // retention may have taken it while we were asking
  if (record === null) return (await boundsOf(probe, topic, partition)).start > last.offset;
  return record.logTsMs === last.logTsMs && valueHashOf(record.value) === last.valueHash;
}
