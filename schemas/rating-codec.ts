import type { EventKind, RatingEvent } from '../core/rating-event.ts';
import { isExactLong, isInt32 } from './avro-range.ts';
import { createDecoder, createEncoder, type Decoder, type Encode } from './codec.ts';
import { RATING_EVENT } from './contracts.ts';

/** Decodes every version of the rating event. `maxBytes` default 1 MB. */
export function createRatingDecoder(options: { readonly maxBytes?: number } = {}): Decoder<RatingEvent> {
  return createDecoder<RatingEvent>({ ...options, readerSchema: RATING_EVENT.schema, fromRecord });
}

/** Encodes rating events under the id the registry gave to the current schema. */
export function createRatingEncoder(schemaId: number): Encode<RatingEvent> {
  // One object for all events: avsc only reads it, and an allocation per event would show at full rate
  const record: Record<string, unknown> = {};
  return createEncoder<RatingEvent>({
    schema: RATING_EVENT.schema,
    schemaId,
    toRecord(event) {
      record.event_id = asBuffer(event.eventId);
      record.user_id = event.userId;
      record.movie_id = event.movieId;
      record.kind = event.kind;
      record.rating = event.rating;
      record.ts = event.tsMs;
      record.source = event.source;
      return record;
    },
  });
}

/** Only what the schema guarantees; whether the values mean something is the kernel's question. */
function fromRecord(record: Readonly<Record<string, unknown>>): RatingEvent | null {
  const userId = record.user_id as number;
  const movieId = record.movie_id as number;
  const tsMs = record.ts as number;
  if (!isInt32(userId) || !isInt32(movieId) || !isExactLong(tsMs)) return null;
  return {
    eventId: record.event_id as Uint8Array,
    userId,
    movieId,
    kind: record.kind as EventKind,
    rating: record.rating as number | null,
    tsMs,
    source: record.source as string,
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
