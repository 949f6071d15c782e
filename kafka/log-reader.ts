import type { ReelstreamError } from '../core/errors.ts';
import type { LogRecord } from '../core/log-record.ts';

/** One answer to one fetch of one partition. */
export interface Fetch {
  readonly partition: number;
  /** offset the fetch was asked from; gaps between here and the records are the log's own (transactions, compaction) */
  readonly position: number;
  readonly records: readonly LogRecord[];
  /** offset to go on from: past the last record and past any marker or aborted batch behind it */
  readonly nextPosition: number;
  /** log end as the broker saw it while answering; end - nextPosition is the lag */
  readonly highWatermark: number;
}

/** Callbacks of a reader. They must not throw; what they cannot do at once they queue for the service's own loop. */
export interface LogReaderHandlers {
  /** Partitions are ours. Nothing is read from them until `seek` and `resume`. */
  onAssigned(partitions: readonly number[]): void;
  /** Partitions go away in an orderly way; the reader waits for the promise (bounded by `revokeTimeoutMs`). */
  onRevoked(partitions: readonly number[]): Promise<void>;
  /** Partitions are already lost (session expired, generation gone, topic deleted): forget them, commit nothing. */
  onLost(partitions: readonly number[]): void;
  /** A fetch. The next one of this partition comes only after the promise resolves: that is the back-pressure. */
  onFetch(fetch: Fetch): Promise<void>;
  /**
   * One partition cannot be read from its position: the log no longer, or not yet, holds it (code `halted`), or its bytes
   * are no records (`bad_data`). It is left alone until the next `seek`; there is no reset. Without this handler it is fatal.
   */
  onHalted?(partition: number, error: ReelstreamError): void;
  /** The reader gave up; the process must end loudly. */
  onFatal(error: unknown): void;
}

/**
 * Reads one topic as a member of a consumer group. The group only shares out partitions and shows lag;
 * positions come from the caller by `seek`, never from committed offsets.
 */
export interface LogReader {
  /**
   * Connects and joins the group. Resolves when the topic is there; assignments follow by `onAssigned`.
   * @throws ReelstreamError `unavailable` when no broker answers in time, `kafka` when the topic does not exist
   */
  start(handlers: LogReaderHandlers): Promise<void>;
  /** From now on `onFetch` of this partition only reports fetches asked from exactly `offset` onwards. */
  seek(partition: number, offset: number): void;
  pause(partitions: readonly number[]): void;
  resume(partitions: readonly number[]): void;
  /** partition -> next offset; a hint and a lag figure, nothing more. Never throws for a lost generation. */
  commit(positions: ReadonlyMap<number, number>): Promise<void>;
  /** Hands over what is owned (`onRevoked`), then leaves the group and disconnects; bounded, never rejects. */
  stop(): Promise<void>;
}
