import type { AbortedTransaction } from './record-batch.ts';

/** One partition of a broker's answer to a fetch, its records still as bytes. */
export interface PartitionAnswer {
  readonly partition: number;
  /** Kafka protocol error; 0 is none */
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly recordSet: Buffer;
}

export interface FetchAnswer {
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly partitions: readonly PartitionAnswer[];
}

/** The only version of the Fetch API that is read here; every broker since Kafka 2.3 speaks it. */
export const FETCH_API_VERSION = 11;

/** Reads the answer to a fetch of one topic. Source: Kafka protocol guide, Fetch response version 11. */
export function readFetchResponse(bytes: Buffer): FetchAnswer {
  let at = 0;
  /** moves on and returns where it stood */
  const pass = (count: number): number => {
    at += count;
    return at - count;
  };
  const int16 = () => bytes.readInt16BE(pass(2));
  const int32 = () => bytes.readInt32BE(pass(4));
  const int64 = () => Number(bytes.readBigInt64BE(pass(8)));
  const list = <T>(read: () => T): T[] => Array.from({ length: Math.max(0, int32()) }, read);

  const readPartition = (): PartitionAnswer => {
    const partition = int32();
    const errorCode = int16();
    const highWatermark = int64();
    pass(8); // last stable offset
    const logStartOffset = int64();
    const aborted = list(() => ({ producerId: int64(), firstOffset: int64() }));
    pass(4); // preferred read replica: this client names no rack, so there is none
    const recordBytes = Math.max(0, int32());
    const recordsAt = pass(recordBytes);
    const recordSet = bytes.subarray(recordsAt, recordsAt + recordBytes);
    return { partition, errorCode, highWatermark, logStartOffset, aborted, recordSet };
  };

  const throttleMs = int32();
  const errorCode = int16();
  pass(4); // fetch session: none
  const topics = list(() => {
    pass(int16()); // name
    return list(readPartition);
  });
  return { throttleMs, errorCode, partitions: topics.flat() };
}
