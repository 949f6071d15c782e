import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { expect, it } from 'vitest';
import { partitionOfKey } from '../../kafka/partition-by-key.ts';

it('puts a key where another client of Kafka does', () => {
  const partitioner = Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 200 }), (bytes, partitions) => {
      const key = Buffer.from(bytes);
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        partitionErrorCode: 0,
        partitionId,
        leader: 0,
        replicas: [0],
        isr: [0],
        offlineReplicas: [],
      }));
      const theirs = partitioner({ topic: 't', partitionMetadata, message: { key, value: null } });
      expect(partitionOfKey(key, partitions)).toBe(theirs);
    }),
  );
});
