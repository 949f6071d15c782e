import type { PartitionQueue, ProducerIdentity } from './partition-queue.ts';

/** Gives a partition that has lost its identity another one to send under. */
export interface Identities {
  /** False: one has been asked for; `onReady` says when to look again. */
  assign(queue: PartitionQueue): boolean;
}

/**
 * @param ask resolves with an identity that nobody had before; null when there will be none
 * @param onReady partitions without one get it while this runs; one serves as many as need one then
 */
export function createIdentities(
  ask: () => Promise<ProducerIdentity | null>,
  onReady: () => void,
): Identities {
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

  return {
    assign(queue) {
      if (queue.identity) return true;
      queue.identity = fresh;
      if (fresh) return true;
      if (!isAsking) void renew();
      return false;
    },
  };
}
