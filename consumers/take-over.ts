import type { ClaimedSlot, SinkStore } from '../clickhouse/sink-store.ts';
import type { Clock } from '../core/clock.ts';
import { withDeadline, withStallDeadline } from '../core/deadline.ts';
import { createDedupeWindow, DEDUPE_WINDOW_OFFSETS, type DedupeWindow } from '../core/dedupe-window.ts';
import { ReelstreamError } from '../core/errors.ts';
import { valueHashOf } from '../core/value-hash.ts';
import type { LogBounds } from '../kafka/admin.ts';
import type { LogProbe } from './log-probe.ts';

export interface TakeOverOptions {
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
 * @param beat called after each step; throws to abandon the rest
 * @throws ReelstreamError `timeout` when a step takes longer than `stallTimeoutMs`; whatever the store throws
 */
export async function takeOver(
  { store, probe, topic, clock, stallTimeoutMs }: TakeOverOptions,
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
export async function compareWithLog(options: TakeOverOptions, claimed: ClaimedSlot): Promise<Recovery> {
  return withDeadline(compare(options, claimed), options.stallTimeoutMs, options.clock, 'look at the log');
}

async function compare({ store, probe, topic }: TakeOverOptions, claimed: ClaimedSlot): Promise<Recovery> {
  const { partition, slot, last } = claimed;
  const where = `${topic}[${partition}]`;
  const { start, end } = await boundsOf(probe, topic, partition);
  const position = claimed.nextOffset ?? start;
  if (start > position) {
    return halt(
      `${where}: records ${position} to ${start - 1} are gone from the log and not in the table; ` +
        'raise the retention of the topic, then restore them or run `reelstream recover --accept-loss`',
    );
  }
  if (end < position) {
    return halt(
      `${where}: the log ends at ${end}, the table expects ${position}; the topic was truncated or re-created, ` +
        'or this is another cluster',
    );
  }
  const found = last && start <= last.offset ? await recordAtLast(probe, topic, partition, last) : 'same';
  if (found === 'another') {
    return halt(
      `${where}: the record at offset ${last!.offset} is not the one that the table holds; ` +
        'the topic was re-created, or this is another cluster',
    );
  }
  if (found === 'none') {
    return halt(
      `${where}: the log holds nothing at offset ${last!.offset}, where the table has its last row, and goes on behind it; ` +
        'was the topic compacted? As long as it is the same topic, accepting it as a new one would count it twice: set ' +
        `cleanup.policy=delete, then \`recover --rewind ${slot}:N\` with N behind the last record that both hold`,
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

/** What the log holds at the table's last offset. */
async function recordAtLast(
  probe: LogProbe,
  topic: string,
  partition: number,
  last: NonNullable<ClaimedSlot['last']>,
): Promise<'same' | 'another' | 'none'> {
  const record = await probe.recordAt(topic, partition, last.offset);
  if (record === null) {
    // retention may have taken it while we were asking: then the log begins behind it, and the table says what it was
    const { start } = await boundsOf(probe, topic, partition);
    return start > last.offset ? 'same' : 'none';
  }
  const isSame = record.logTsMs === last.logTsMs && valueHashOf(record.value) === last.valueHash;
  return isSame ? 'same' : 'another';
}
