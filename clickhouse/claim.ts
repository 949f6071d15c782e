import type { Clock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import { describeAggregates, RAW_TABLE } from './aggregates.ts';
import { type LastRow, lastRow } from './applied-offset.ts';
import type { ClickHouse, Settings } from './connection.ts';
import { drain, takeEpoch } from './fence.ts';
import { recoverSlot } from './recover.ts';
import type { ClaimedSlot, Slot } from './sink-store.ts';
import { lineage, newestStream, readStreams, type StreamPartition } from './slots.ts';

export interface DrainLimits {
  readonly graceMs: number;
  readonly timeoutMs: number;
}

export interface ClaimContext {
  readonly clickhouse: ClickHouse;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly limits: DrainLimits;
}

const BEAT_INTERVAL_MS = 500;

/** New epoch, drain, recover. When `beat` throws, the claim ends with its error before the next statement. */
export async function claimSlots(
  context: ClaimContext,
  slots: readonly Slot[],
  beat: () => Promise<void>,
): Promise<ClaimedSlot[]> {
  const stop = new AbortController();
  const done = new AbortController();
  const beating = beatUntil(context.clock, beat, done.signal).catch((error: unknown) => stop.abort(error));
  try {
    return await claim(context, slots, stop.signal);
  } finally {
    done.abort();
    await beating;
    stop.signal.throwIfAborted();
  }
}

async function beatUntil(clock: Clock, beat: () => Promise<void>, done: AbortSignal): Promise<void> {
  while (!done.aborted) {
    await beat();
    await clock.sleep(BEAT_INTERVAL_MS, done);
  }
}

async function claim(
  { clickhouse, settings, clock, limits }: ClaimContext,
  slots: readonly Slot[],
  signal: AbortSignal,
): Promise<ClaimedSlot[]> {
  const streams = await readStreams(clickhouse);
  const claimed = slots.map((slot) => currentStreamPartition(streams, slot));
  const epoch = await takeEpoch(clickhouse, slots);
  await drain(clickhouse, slots, { clock, ...limits, signal });
  const aggregates = await describeAggregates(clickhouse);
  const recovered: ClaimedSlot[] = [];
  for (const { slot, partition, startOffset } of claimed) {
    const context = { clickhouse, settings, owned: [{ slot, epoch }], signal };
    const { last: own, repairs } = await recoverSlot(context, aggregates, slot);
    const last = own ?? (await inheritedLast(clickhouse, streams, slot));
    recovered.push({ slot, partition, epoch, nextOffset: own ? own.offset + 1 : startOffset, last, repairs });
  }
  return recovered;
}

/** @throws ReelstreamError `unavailable` when the slot's stream was replaced: ask for the slots again */
function currentStreamPartition(streams: readonly StreamPartition[], slot: Slot): StreamPartition {
  const found = streams.find((one) => one.slot === slot);
  const newest = found ? newestStream(streams, found.clusterId, found.topic) : [];
  if (!found || !newest.includes(found)) {
    throw new ReelstreamError(
      'unavailable',
      `slot ${slot} belongs to no stream, or to one that was replaced`,
    );
  }
  return found;
}

/** An empty slot that goes on with an older one's log is compared with the log by the older one's last row. */
async function inheritedLast(
  clickhouse: ClickHouse,
  streams: readonly StreamPartition[],
  slot: Slot,
): Promise<LastRow | null> {
  for (const older of lineage(streams, slot).slice(1)) {
    const last = await lastRow(clickhouse, RAW_TABLE, older.slot);
    if (last) return last;
  }
  return null;
}
