import { ReelstreamError } from '../core/errors.ts';
import type { Aggregate } from './aggregates.ts';
import type { ClickHouse } from './connection.ts';
import { drain, namedIfFenced, takeEpoch } from './fence.ts';
import { recoverSlots } from './recover.ts';
import type { Seal } from './seals.ts';
import type { ClaimedSlot, Slot } from './sink-store.ts';
import { beginOf, newestStream, readStreams, type StreamPartition } from './slots.ts';
import { lastInLineage } from './streams.ts';
import type { OwnerOptions } from './under-fence.ts';

export interface ClaimContext extends OwnerOptions {
  readonly aggregates: readonly Aggregate[];
}

export interface Claim extends ClaimedSlot {
  readonly seals: readonly Seal[];
}

/**
 * New epoch, drain, recover. `beat` follows every answered statement, and only those: a claim that stands still is silent.
 * When it throws, the claim ends with its error before the next statement.
 */
export async function claimSlots(
  { clickhouse: connection, settings, clock, limits, aggregates }: ClaimContext,
  slots: readonly Slot[],
  beat: () => Promise<void>,
): Promise<Claim[]> {
  const clickhouse = withBeat(connection, beat);
  const streams = await readStreams(clickhouse);
  const claimed = slots.map((slot) => currentStreamPartition(streams, slot));
  const epoch = await takeEpoch(clickhouse, slots);
  await drain(clickhouse, slots, { clock, ...limits });
  const owned = slots.map((slot) => ({ slot, epoch }));
  const recovered = await recoverSlots({ clickhouse, settings, owned }, aggregates, slots).catch(
    async (thrown: unknown) => {
      throw await namedIfFenced(clickhouse, owned, thrown);
    },
  );
  return Promise.all(
    recovered.map(async ({ slot, last: own, position, seals, repairs }, i) => {
      const stream = claimed[i]!;
      const { partition } = stream;
      const last = own ?? (await lastInLineage(clickhouse, streams, slot));
      const nextOffset = position >= 0 ? position + 1 : beginOf(stream);
      return { slot, partition, epoch, nextOffset, last, repairs, seals };
    }),
  );
}

/** The same connection, heard after each answer to a statement of ours. */
function withBeat(clickhouse: ClickHouse, beat: () => Promise<void>): ClickHouse {
  const heard = async <T>(answer: Promise<T>): Promise<T> => {
    const value = await answer;
    await beat();
    return value;
  };
  return {
    ...clickhouse,
    query: (sql, options) => heard(clickhouse.query(sql, options)),
    command: (sql, options) => heard(clickhouse.command(sql, options)),
  };
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
