/** What became of the records handed to a writer. enqueued = acked + failed + in flight. */
export interface WriterCounts {
  /** records taken by `tryWrite` */
  readonly enqueued: number;
  /** records the broker acknowledged, so far as its answers have come */
  readonly acked: number;
  /** records given up by the client after its retries */
  readonly failed: number;
}

/** The broker's answer for one record, where reports are asked for. */
export interface DeliveryReport {
  /** what the caller passed as `tag` */
  readonly tag: number;
  readonly partition: number;
  /** -1 when the record failed */
  readonly offset: number;
  readonly error: Error | null;
}

/** Where a record goes and what it carries beside key and value. */
export interface Placement {
  /** null: the key decides */
  readonly partition: number | null;
  readonly headers: Readonly<Record<string, string>> | null;
}

/**
 * Appends records to one topic, keeping the order of a key. Nothing is dropped silently: a record is refused
 * (`tryWrite` false), acknowledged, or counted and reported as failed.
 */
export interface LogWriter {
  /** what killed it: nothing more is taken, and what is under way gets no answer */
  readonly error: Error | null;
  /**
   * Hands over one record; its bytes are copied before this returns.
   * False: the queue is full and nothing was taken; wait for `room()` and call again.
   * @param tag comes back in the delivery report
   * @param placement left out for the many: partition by key, no headers
   * @throws ReelstreamError `bad_data` when the record is larger than the topic takes, `kafka` when the writer is dead
   */
  tryWrite(key: Buffer | null, value: Buffer | null, tag?: number, placement?: Placement): boolean;
  /** Resolves when the queue takes records again; rejects with what killed the writer. */
  room(): Promise<void>;
  /**
   * A barrier: resolves when every record is acknowledged or has failed. Write nothing until it resolves: it would be waited
   * for too.
   * @throws ReelstreamError `timeout` when records are still in flight after `deadlineMs`
   */
  flush(deadlineMs: number): Promise<WriterCounts>;
  counts(): WriterCounts;
  /** Flushes within `deadlineMs`, then lets go of the connection, also when the flush did not make it. */
  close(deadlineMs: number): Promise<WriterCounts>;
}
