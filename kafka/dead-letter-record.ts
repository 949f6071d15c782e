/** One record for a dead-letter topic: what could not be used, as it came, with where it came from in the headers. */
export interface DeadLetterRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Headers of a dead letter. (topic, partition, offset) identify it: the same letter may be written more than once. */
export const DEAD_LETTER_HEADERS = {
  topic: 'reelstream-topic',
  partition: 'reelstream-partition',
  offset: 'reelstream-offset',
  timestamp: 'reelstream-timestamp-ms',
  reason: 'reelstream-reason',
  /** only where the value was cut: bytes it had */
  cutFrom: 'reelstream-cut-from-bytes',
  /** only where the key was cut: bytes it had */
  keyCutFrom: 'reelstream-key-cut-from-bytes',
} as const;
