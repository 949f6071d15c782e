/** The version of the Produce API that is spoken here; every broker since Kafka 2.1 knows it. */
export const PRODUCE_API_VERSION = 7;
export const PRODUCE_API_KEY = 0;

const ALL_REPLICAS = -1;

/** One sealed batch and the partition it is for. */
export interface PartitionBatch {
  readonly partition: number;
  readonly bytes: Buffer;
}

/** The broker's answer for one partition. */
export interface ProduceAnswer {
  readonly partition: number;
  /** Kafka protocol error; 0 is none */
  readonly errorCode: number;
  /** -1 where the broker does not know it any more */
  readonly baseOffset: number;
}

export interface ProduceAnswers {
  readonly throttleMs: number;
  readonly partitions: readonly ProduceAnswer[];
}

/** The body of a request with at most one batch per partition. Source: Kafka protocol guide, Produce request version 7. */
export function writeProduceRequest(
  topic: string,
  batches: readonly PartitionBatch[],
  timeoutMs: number,
): Buffer {
  const name = Buffer.from(topic);
  const fixedBytes = 2 + 2 + 4 + 4 + 2 + name.length + 4;
  const body = Buffer.allocUnsafe(batches.reduce((sum, { bytes }) => sum + 8 + bytes.length, fixedBytes));
  let at = body.writeInt16BE(-1, 0); // no transaction
  at = body.writeInt16BE(ALL_REPLICAS, at);
  at = body.writeInt32BE(timeoutMs, at);
  at = body.writeInt32BE(1, at); // topics
  at = body.writeInt16BE(name.length, at);
  at += name.copy(body, at);
  at = body.writeInt32BE(batches.length, at);
  for (const { partition, bytes } of batches) {
    at = body.writeInt32BE(partition, at);
    at = body.writeInt32BE(bytes.length, at);
    at += bytes.copy(body, at);
  }
  return body;
}

/** Reads the answer to a request for one topic. Source: Kafka protocol guide, Produce response version 7. */
export function readProduceResponse(bytes: Buffer): ProduceAnswers {
  const partitions: ProduceAnswer[] = [];
  let at = 4;
  for (let topics = bytes.readInt32BE(0); topics > 0; topics--) {
    at += 2 + bytes.readInt16BE(at);
    const count = bytes.readInt32BE(at);
    at += 4;
    for (let i = 0; i < count; i++, at += 30) {
      partitions.push({
        partition: bytes.readInt32BE(at),
        errorCode: bytes.readInt16BE(at + 4),
        baseOffset: Number(bytes.readBigInt64BE(at + 6)),
      });
    }
  }
  return { throttleMs: bytes.readInt32BE(at), partitions };
}
