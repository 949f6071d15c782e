/** The last event of each person in each Kafka partition. */
export interface PersonOrder {
  /** The later event that stands before this one; null when the order is kept. */
  breach(partition: number, user: number, n: number): number | null;
}

/** @param stride events that differ modulo this number come from different workers, which do not wait for each other */
export function createPersonOrder(stride: number): PersonOrder {
  const partitions: Map<number, number>[] = [];
  return {
    breach(partition, user, n) {
      const lasts = partitions[partition] ?? new Map<number, number>();
      partitions[partition] = lasts;
      const line = user * stride + (n % stride);
      const last = lasts.get(line) ?? -1;
      if (last > n) return last;
      lasts.set(line, n);
      return null;
    },
  };
}
