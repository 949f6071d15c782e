import { BATCH_HEADER_BYTES, BatchBuilder } from './batch-builder.ts';

/** Buffers of batches, used again: at full rate there would be thousands of new ones a second. */
export interface BuilderPool {
  /** One with room for a record of that size; a record larger than a batch gets a buffer of its own. */
  take(atMost: number): BatchBuilder;
  giveBack(builder: BatchBuilder): void;
}

const MAX_SPARE = 64;

export function createBuilderPool(batchBytes: number): BuilderPool {
  const spare: BatchBuilder[] = [];
  return {
    take(atMost) {
      const wanted = atMost + BATCH_HEADER_BYTES;
      if (wanted > batchBytes) return new BatchBuilder(wanted);
      return spare.pop() ?? new BatchBuilder(batchBytes);
    },
    giveBack(builder) {
      if (builder.capacityBytes !== batchBytes || spare.length >= MAX_SPARE) return;
      builder.reset();
      spare.push(builder);
    },
  };
}
