import type { ProducerIdentity } from '../../kafka/partition-queue.ts';
import type { ProduceAnswer, ProduceAnswers } from '../../kafka/produce-request.ts';
import type { ProduceTarget } from '../../kafka/produce-target.ts';
import { readRecordSet } from '../../kafka/record-batch.ts';

export type LeaderFault =
  | 'none'
  | 'request lost'
  | 'answer lost'
  | 'moved'
  | 'timed out'
  | 'forgot offsets'
  | 'forgot the producer'
  | 'partition left out'
  | 'never answered'
  | 'no right';

export interface LeaderOptions {
  readonly maxBatchBytes?: number;
  /** a batch with this value is refused */
  readonly refuses?: string;
  /** takes whatever comes, as a broker does from a producer that is not idempotent */
  readonly ignoresSequences?: boolean;
}

/**
 * A broker in memory with what KIP-98 asks of it: per producer and partition it takes the next sequence only, and knows the
 * last batches again. For answers and losses that a real one cannot be made to give at will; one fault per request, then none.
 */
export class FakeLeader implements ProduceTarget {
  readonly partitions: number;
  readonly #faults: LeaderFault[];
  readonly #options: LeaderOptions;
  readonly #logs: string[][];
  /** partition and producer -> sequence that is next, and offsets by sequence */
  readonly #known = new Map<string, { next: number; offsets: Map<number, number> }>();
  identities = 0;

  constructor(partitions: number, faults: readonly LeaderFault[], options: LeaderOptions = {}) {
    this.partitions = partitions;
    this.#faults = [...faults];
    this.#options = options;
    this.#logs = Array.from({ length: partitions }, () => []);
  }

  log(partition: number): readonly string[] {
    return this.#logs[partition]!;
  }

  leaders(): ReadonlyMap<number, number> {
    return new Map(this.#logs.map((_, partition) => [partition, 1]));
  }

  async identify(): Promise<ProducerIdentity> {
    return { producerId: BigInt(++this.identities), producerEpoch: 0 };
  }

  async refresh(): Promise<void> {}

  async produce(_: number, body: Buffer): Promise<ProduceAnswers> {
    const fault = this.#faults.shift() ?? 'none';
    await new Promise((resolve) => setImmediate(resolve));
    if (fault === 'request lost') throw new Error('connection lost');
    const batches = batchesOf(body);
    const partitions = batches.map(({ partition, bytes }, i): ProduceAnswer => {
      if (fault === 'moved' && i === 0) return { partition, errorCode: 6, baseOffset: -1 };
      if (fault === 'no right') return { partition, errorCode: 29, baseOffset: -1 };
      if (fault === 'forgot the producer') return { partition, errorCode: 59, baseOffset: -1 };
      const answer = this.#append(partition, bytes);
      // taken, but the replicas did not confirm it in time
      if (fault === 'timed out' && answer.errorCode === 0) return { partition, errorCode: 7, baseOffset: -1 };
      if (fault === 'forgot offsets' && answer.errorCode === 0)
        return { partition, errorCode: 46, baseOffset: -1 };
      return answer;
    });
    if (fault === 'answer lost') throw new Error('connection lost');
    if (fault === 'never answered') await new Promise((resolve) => setTimeout(resolve, 1_500));
    return { throttleMs: 0, partitions: fault === 'partition left out' ? partitions.slice(1) : partitions };
  }

  #append(partition: number, bytes: Buffer): ProduceAnswer {
    const { maxBatchBytes = Number.POSITIVE_INFINITY, refuses, ignoresSequences } = this.#options;
    if (bytes.length > maxBatchBytes) return { partition, errorCode: 10, baseOffset: -1 };
    const values = readRecordSet(bytes, 0).records.map(({ value }) => String(value));
    if (refuses !== undefined && values.includes(refuses))
      return { partition, errorCode: 87, baseOffset: -1 };
    const sequence = bytes.readInt32BE(53);
    const name = `${partition}/${bytes.readBigInt64BE(43)}`;
    const known = this.#known.get(name) ?? { next: 0, offsets: new Map<number, number>() };
    this.#known.set(name, known);
    if (!ignoresSequences) {
      const before = known.offsets.get(sequence);
      if (before !== undefined) return { partition, errorCode: 0, baseOffset: before };
      if (sequence !== known.next) return { partition, errorCode: 45, baseOffset: -1 };
    }
    const log = this.#logs[partition]!;
    const baseOffset = log.length;
    log.push(...values);
    known.offsets.set(sequence, baseOffset);
    known.next = sequence + values.length;
    return { partition, errorCode: 0, baseOffset };
  }
}

/** Of a request for one topic. */
function batchesOf(body: Buffer): { partition: number; bytes: Buffer }[] {
  const batches: { partition: number; bytes: Buffer }[] = [];
  let at = 12 + 2 + body.readInt16BE(12);
  const count = body.readInt32BE(at);
  at += 4;
  for (let i = 0; i < count; i++) {
    const partition = body.readInt32BE(at);
    const length = body.readInt32BE(at + 4);
    batches.push({ partition, bytes: Buffer.from(body.subarray(at + 8, at + 8 + length)) });
    at += 8 + length;
  }
  return batches;
}
