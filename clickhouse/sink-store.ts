/**
 * What the sink needs of ClickHouse: the port of the delivery protocol (docs/delivery.md).
 * A slot stands for one Kafka partition of one incarnation of one topic in one cluster.
 */
export type Slot = number;

export interface PartitionIdentity {
  readonly clusterId: string;
  readonly topic: string;
  readonly partition: number;
  /** number of partitions of the topic now; another number than recorded is a new stream */
  readonly partitionCount: number;
}

/** A slot after claim or doubt: fenced, drained and recovered. */
export interface ClaimedSlot {
  readonly slot: Slot;
  readonly partition: number;
  readonly epoch: bigint;
  /** offset to read from: last offset in raw + 1, or the stream's start offset while raw is empty (null = log start) */
  readonly nextOffset: number | null;
  /** the last row of raw, to be compared with the log's record at that offset; null while raw is empty */
  readonly last: { readonly offset: number; readonly logTsMs: number; readonly valueHash: bigint } | null;
  readonly repairs: readonly {
    readonly table: string;
    readonly kind: 'filled' | 'rebuilt';
    readonly rows: number;
  }[];
}

/** One slot's share of a batch, sent under the epoch with which it was claimed. */
export interface FencedRun {
  readonly slot: Slot;
  readonly epoch: bigint;
  readonly first: number;
  readonly last: number;
  readonly rows: number;
  /** length of its rows in the body */
  readonly bytes: number;
}

export interface FencedBatch {
  readonly rows: number;
  /** RowBinary rows made by `createRawRowWriter`, ordered by slot and offset */
  readonly body: Buffer;
  /** every slot with rows in `body`, in the body's order */
  readonly slots: readonly FencedRun[];
}

export interface SinkStore {
  /** Slots of these partitions, allocated on first sight. A changed partition count opens a new stream. */
  slotsOf(partitions: readonly PartitionIdentity[]): Promise<Map<number, Slot>>;
  /**
   * Takes a new epoch for each slot, waits until no older insert of them runs, repairs the aggregates from raw.
   * Calls `beat` after every step, so that a claim that stands still can be told from a long one; what `beat` throws ends it
   * before its next step. Throws `unavailable`, `timeout`, `fenced` or `clickhouse` (try again), `halted` never: the caller
   * compares with the log.
   */
  claim(slots: readonly Slot[], beat: () => Promise<void>): Promise<ClaimedSlot[]>;
  /**
   * Sends a batch, a large one as two INSERTs side by side with each slot wholly in one of them. Anything but a clean return
   * means doubt for every slot of the batch:
   * throws `fenced` (details.slots names the lost ones), `short_body`, `clickhouse`, `unavailable`, `timeout`.
   */
  insert(batch: FencedBatch): Promise<void>;
  /**
   * ids of `ok` rows with offset >= `fromOffset`, in order of offset: 24-byte records, offset (UInt64 LE) + id. All of them:
   * throws `unavailable` when the answer is cut short.
   */
  recentIds(slot: Slot, fromOffset: number): Promise<Buffer>;
}
