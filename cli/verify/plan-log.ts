import { DEDUPE_WINDOW_OFFSETS } from '../../core/dedupe-window.ts';
import { ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { KafkaAdmin, LogBounds } from '../../kafka/admin.ts';
import type { LedgerLog } from '../../producer/ledger/ledger.ts';
import type { LogPlan } from './verification.ts';

/**
 * What of the topic has to be read to hold it against a ledger: everything since the run's start.
 * @throws ReelstreamError `usage` for a ledger of another cluster; `bad_data` when the topic does not hold all of that any
 * more; as the admin when Kafka is away
 */
export async function planLog(admin: KafkaAdmin, log: LedgerLog): Promise<LogPlan> {
  const clusterId = await admin.clusterId();
  if (clusterId !== log.clusterId) {
    throw new ReelstreamError(
      'usage',
      `the ledger is about the cluster ${log.clusterId}, the settings lead to ${clusterId}`,
    );
  }
  await requireTopic(admin, log.topic);
  const bounds = await admin.bounds(log.topic);
  if (bounds.size < log.startOffsets.length) {
    throw recreated(log.topic, `had ${log.startOffsets.length} partitions and has ${bounds.size}`);
  }
  return new Map([...bounds].map(([partition, found]) => [partition, planPartition(log, partition, found)]));
}

function planPartition({ topic, startOffsets }: LedgerLog, partition: number, { start, end }: LogBounds) {
  const from = startOffsets[partition] ?? 0;
  if (end < from) {
    throw recreated(`${topic}[${partition}]`, `ended at ${from} when the run began and ends at ${end}`);
  }
  if (start > from) {
    throw new ReelstreamError(
      'bad_data',
      `${topic}[${partition}] begins at offset ${start}, the run at ${from}: retention has deleted records of the run, ` +
        'and nothing can be said about it any more',
      { details: { topic, partition, start, from } },
    );
  }
  return { readFrom: Math.max(start, from - DEDUPE_WINDOW_OFFSETS), from, to: end };
}

async function requireTopic(admin: KafkaAdmin, topic: string): Promise<void> {
  try {
    await admin.partitionCount(topic);
  } catch (cause) {
    const { code, message } = toReelstreamError(cause);
    if (code !== 'kafka') throw cause;
    throw new ReelstreamError('bad_data', `${message}: the run's topic was deleted`, { cause });
  }
}

function recreated(what: string, how: string): ReelstreamError {
  return new ReelstreamError('bad_data', `${what} ${how}: the topic was deleted and made again since`);
}
