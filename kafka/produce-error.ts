/**
 * What a broker's answer means for one batch:
 * taken: it is in the log; again: try the same once more, the broker knows it if it is there already; anew: it is not in the log
 * and the broker does not know its sender, so it goes once more under another producer id; split: too large as it is; refused:
 * it will never be taken; fatal: nothing of this client will.
 */
export type ProduceMeaning = 'taken' | 'again' | 'anew' | 'split' | 'refused' | 'fatal';

interface ProduceError {
  readonly name: string;
  readonly meaning: ProduceMeaning;
}

/** By code. Source: Kafka protocol guide, error codes */
const ERRORS: Readonly<Record<number, ProduceError>> = {
  0: { name: 'NONE', meaning: 'taken' },
  2: { name: 'CORRUPT_MESSAGE', meaning: 'again' },
  3: { name: 'UNKNOWN_TOPIC_OR_PARTITION', meaning: 'again' },
  5: { name: 'LEADER_NOT_AVAILABLE', meaning: 'again' },
  6: { name: 'NOT_LEADER_OR_FOLLOWER', meaning: 'again' },
  7: { name: 'REQUEST_TIMED_OUT', meaning: 'again' },
  9: { name: 'REPLICA_NOT_AVAILABLE', meaning: 'again' },
  10: { name: 'MESSAGE_TOO_LARGE', meaning: 'split' },
  13: { name: 'NETWORK_EXCEPTION', meaning: 'again' },
  17: { name: 'INVALID_TOPIC_EXCEPTION', meaning: 'refused' },
  18: { name: 'RECORD_LIST_TOO_LARGE', meaning: 'split' },
  19: { name: 'NOT_ENOUGH_REPLICAS', meaning: 'again' },
  20: { name: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', meaning: 'again' },
  29: { name: 'TOPIC_AUTHORIZATION_FAILED', meaning: 'fatal' },
  31: { name: 'CLUSTER_AUTHORIZATION_FAILED', meaning: 'fatal' },
  32: { name: 'INVALID_TIMESTAMP', meaning: 'refused' },
  45: { name: 'OUT_OF_ORDER_SEQUENCE_NUMBER', meaning: 'anew' },
  46: { name: 'DUPLICATE_SEQUENCE_NUMBER', meaning: 'taken' },
  47: { name: 'INVALID_PRODUCER_EPOCH', meaning: 'anew' },
  56: { name: 'KAFKA_STORAGE_ERROR', meaning: 'again' },
  59: { name: 'UNKNOWN_PRODUCER_ID', meaning: 'anew' },
  74: { name: 'FENCED_LEADER_EPOCH', meaning: 'again' },
  75: { name: 'UNKNOWN_LEADER_EPOCH', meaning: 'again' },
  87: { name: 'INVALID_RECORD', meaning: 'refused' },
  89: { name: 'THROTTLING_QUOTA_EXCEEDED', meaning: 'again' },
};

/**
 * @param records of the batch: one alone cannot be split
 * @param isUncertain an earlier try got no answer: the batch may be in the log, and under another producer id it would be there
 * twice
 */
export function meaningOfAnswer(
  errorCode: number,
  { records, isUncertain }: { readonly records: number; readonly isUncertain: boolean },
): ProduceError {
  const error = ERRORS[errorCode] ?? { name: `error ${errorCode}`, meaning: 'refused' };
  if (error.meaning === 'split' && records === 1) return { ...error, meaning: 'refused' };
  if (error.meaning === 'anew' && isUncertain) return { ...error, meaning: 'fatal' };
  return error;
}
