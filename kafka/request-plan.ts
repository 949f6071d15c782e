import { nextOf, type PartitionQueue } from './partition-queue.ts';

/** Brokers take up to 100 MB; this is what is copied at a time. */
const MAX_REQUEST_BYTES = 8_388_608;

/**
 * The partitions whose next batch could go now, by their leader. A partition without a leader right now goes to broker -1,
 * which fails and leads to new metadata.
 * @param isAsked a leader that has a request under way
 * @param isIdentified a partition that has a producer id to send under
 */
export function planRequests(
  queues: readonly PartitionQueue[],
  leaders: ReadonlyMap<number, number>,
  isAsked: (leader: number) => boolean,
  isIdentified: (queue: PartitionQueue) => boolean,
): Map<number, PartitionQueue[]> {
  const requests = new Map<number, PartitionQueue[]>();
  const bytes = new Map<number, number>();
  for (const queue of queues) {
    const next = nextOf(queue);
    const leader = leaders.get(queue.partition) ?? -1;
    if (!next || queue.underWay || queue.isBackingOff || isAsked(leader) || !isIdentified(queue)) continue;
    const sum = (bytes.get(leader) ?? 0) + next.builder.byteLength;
    if (sum > MAX_REQUEST_BYTES && requests.has(leader)) continue;
    bytes.set(leader, sum);
    requests.set(leader, [...(requests.get(leader) ?? []), queue]);
  }
  return requests;
}

/** Somebody waits for it, or it has waited long enough for company; timers may come a little early. */
export function isDue({ full, open }: PartitionQueue, nowMs: number, lingerMs: number): boolean {
  return full.length > 0 || (open !== null && nowMs - open.createdAtMs >= lingerMs - 1);
}
