import { createEventIds, type RunId } from '../../core/event-id.ts';
import type { LogRecord } from '../../core/log-record.ts';

/** Headers of records that cannot be read, or that stand in the log twice or out of their turn. */
export const RUN_HEADER = 'reelstream-run';
export const EVENT_HEADER = 'reelstream-event';

/** No event of the run. */
export const FOREIGN = -1;

/** Behind the wire format's header; every version of the schema begins with the id. */
const ID_AT = 5;
const ID_END = 21;
/** run and variant; the number follows */
const PREFIX_BYTES = 9;

/**
 * The number of the event that a record belongs to, FOREIGN for records of others. Read from the id's place in the bytes,
 * without decoding: this runs once per record of the topic. Bytes that hold no such id are asked for their headers.
 */
export function createIdentify(runId: RunId): (record: LogRecord) => number {
  const prefix = createEventIds(runId)(0).subarray(0, PREFIX_BYTES);
  const hasPrefix = (value: Buffer): boolean => {
    for (let i = 0; i < PREFIX_BYTES; i++) if (value[ID_AT + i] !== prefix[i]) return false;
    return true;
  };
  return function identify(record) {
    const { value } = record;
    if (value !== null && value.length >= ID_END && value[0] === 0 && hasPrefix(value)) {
      return (
        value.readUIntBE(ID_AT + PREFIX_BYTES, 1) * 2 ** 48 + value.readUIntBE(ID_AT + PREFIX_BYTES + 1, 6)
      );
    }
    const { headers } = record;
    if (headers?.get(RUN_HEADER) !== runId) return FOREIGN;
    const eventNumber = Number(headers.get(EVENT_HEADER));
    return Number.isSafeInteger(eventNumber) && eventNumber >= 0 ? eventNumber : FOREIGN;
  };
}

const ZERO = 48;

/** The user id that is the record's key; -1 for any other key. */
export function userOf(key: Buffer | null): number {
  if (key === null || key.length === 0 || key.length > 15) return -1;
  let user = 0;
  for (const byte of key) {
    if (byte < ZERO || byte > ZERO + 9) return -1;
    user = user * 10 + byte - ZERO;
  }
  return user;
}
