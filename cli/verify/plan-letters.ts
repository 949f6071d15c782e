import { toReelstreamError } from '../../core/errors.ts';
import type { KafkaAdmin, LogBounds } from '../../kafka/admin.ts';
import type { LedgerLog } from '../../producer/ledger/ledger.ts';
import type { OffsetRange } from '../../producer/verify/log-image.ts';

/**
 * What of the dead-letter topic has to be read: what came since the run's start. All of it where the ledger does not say
 * where that was, is about another topic, or about one that was deleted and made again.
 */
export function planLetters(
  topic: string,
  bounds: ReadonlyMap<number, LogBounds>,
  { letters }: Pick<LedgerLog, 'letters'>,
): Map<number, OffsetRange> {
  const began = letters?.topic === topic ? letters.startOffsets : [];
  const isSame = began.every((offset, partition) => offset <= (bounds.get(partition)?.end ?? -1));
  return new Map(
    [...bounds].map(([partition, { start, end }]) => {
      const from = isSame ? (began[partition] ?? 0) : 0;
      return [partition, { from: Math.max(start, from), to: end }];
    }),
  );
}

/** No topic, no letters: what should be among them is then reported as missing. */
export async function boundsIfThere(
  admin: KafkaAdmin,
  topic: string,
): Promise<ReadonlyMap<number, LogBounds>> {
  try {
    await admin.partitionCount(topic);
  } catch (error) {
    if (toReelstreamError(error).code === 'kafka') return new Map();
    throw error;
  }
  return admin.bounds(topic);
}
