import { dropIdentity, type PartitionQueue, type ProducerIdentity } from './partition-queue.ts';

/** Gives each partition an identity to send under, and another when it has lost it. */
export interface Identities {
  /** False: one has been asked for; `onReady` says when to look again. */
  assign(queue: PartitionQueue): boolean;
}

/**
 * @param ask resolves with an identity that nobody had before; null when there will be none
 * @param onReady partitions without one get it while this runs; one serves as many as need one then
 */
export function createIdentities(
  first: ProducerIdentity,
  ask: () => Promise<ProducerIdentity | null>,
  onReady: () => void,
): Identities {
  // nobody has lost one yet, so any number of partitions may begin with the first
  const begun = new Set<number>();
  let fresh: ProducerIdentity | null = null;
  let isAsking = false;

  const renew = async (): Promise<void> => {
    isAsking = true;
    fresh = await ask();
    isAsking = false;
    if (fresh === null) return;
    onReady();
    // who loses his from now on needs another
    fresh = null;
  };
  const give = (queue: PartitionQueue, identity: ProducerIdentity): true => {
    dropIdentity(queue);
    queue.identity = identity;
    return true;
  };

  return {
    assign(queue) {
      if (queue.identity) return true;
      if (!begun.has(queue.partition)) {
        begun.add(queue.partition);
        return give(queue, first);
      }
      if (fresh) return give(queue, fresh);
      if (!isAsking) void renew();
      return false;
    },
  };
}
