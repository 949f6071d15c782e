import type { RatingEvent } from '../../core/rating-event.ts';
import type { PoisonForm } from './fault.ts';

/**
 * An id no registry has given out. One for every run: a sink asks about an unknown id twice, 30 s apart, and its
 * partition waits; then it remembers, so that one id costs one wait.
 */
export const UNKNOWN_SCHEMA_ID = 2 ** 31 - 16;
/** One byte more than a sink takes by default, and still less than a batch of the topic (1,048,588 bytes) may be. */
export const DEFAULT_OVERSIZE_BYTES = 1_000_001;

const HEADER_BYTES = 5;
const JUNK = Buffer.from('junk', 'latin1');

export interface Victim {
  readonly n: number;
  readonly event: RatingEvent;
  /** the event encoded, with the wire format's header */
  readonly value: Buffer;
  /** size of an oversize value */
  readonly oversizeBytes: number;
}

/** Never writes into the value: it is a view into the encoder's memory. */
const POISONED: Readonly<Record<PoisonForm, (victim: Victim) => Buffer | null>> = {
  no_magic({ n, value }) {
    const bytes = Buffer.from(value);
    bytes[0] = 1 + (n % 255);
    return bytes;
  },
  unknown_schema({ value }) {
    const bytes = Buffer.from(value);
    bytes.writeInt32BE(UNKNOWN_SCHEMA_ID, 1);
    return bytes;
  },
  // The header stays, so that it is the Avro bytes that end too soon
  truncated: ({ n, value }) => value.subarray(0, HEADER_BYTES + (n % (value.length - HEADER_BYTES))),
  empty: () => Buffer.alloc(0),
  json: ({ event }) => Buffer.from(JSON.stringify(textFields(event))),
  oversize({ value, oversizeBytes }) {
    const bytes = Buffer.alloc(oversizeBytes);
    value.copy(bytes);
    return bytes;
  },
  tombstone: () => null,
  trailing: ({ value }) => Buffer.concat([value, JUNK]),
};

/** Bytes that are no event; null is a tombstone. */
export function poison(form: PoisonForm, victim: Victim): Buffer | null {
  return POISONED[form](victim);
}

/** As somebody would write it who does not know the contract. */
function textFields({ eventId, userId, movieId, kind, rating, tsMs, source }: RatingEvent) {
  const event_id = Buffer.from(eventId).toString('hex');
  return { event_id, user_id: userId, movie_id: movieId, kind, rating, ts: tsMs, source };
}
