/**
 * A topic as this project needs it: created like this; refused when it exists with other times or another cleanup policy, and
 * by whoever needs to create it also with other partitions.
 */
export interface TopicDefinition {
  readonly name: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

/** Kafka's default limit of a record batch; also the most that an uncompressed record of our topics can carry. */
export const MAX_BATCH_BYTES = 1_048_588;
/** A dead letter carries up to 1 MB of the original, its key and our headers. */
const MAX_DEAD_LETTER_BATCH_BYTES = 1_200_000;

/** Delay and verdicts rest on the broker's time: with a producer's own time neither could be trusted. */
const LOG_APPEND_TIME = { 'message.timestamp.type': 'LogAppendTime' };

/**
 * Rating events, keyed by user id, so that one person's events keep their order. Never compacted: that would take records out
 * of the middle of the log, and a table could no more be compared with it.
 */
export function ratingsTopic(name: string, partitions: number): TopicDefinition {
  const config = {
    ...LOG_APPEND_TIME,
    'cleanup.policy': 'delete',
    'max.message.bytes': String(MAX_BATCH_BYTES),
  };
  return { name, partitions, config };
}

/** Newest profile per user id; a tombstone deletes. */
export function usersTopic(name: string): TopicDefinition {
  const config = {
    ...LOG_APPEND_TIME,
    'cleanup.policy': 'compact',
    'max.message.bytes': String(MAX_BATCH_BYTES),
  };
  return { name, partitions: 1, config };
}

/** Records that could not be used, as they came, with where they came from in the headers. */
export function deadLetterTopic(name: string): TopicDefinition {
  const maxMessageBytes = String(MAX_DEAD_LETTER_BATCH_BYTES);
  const config = { ...LOG_APPEND_TIME, 'cleanup.policy': 'delete', 'max.message.bytes': maxMessageBytes };
  return { name, partitions: 1, config };
}
