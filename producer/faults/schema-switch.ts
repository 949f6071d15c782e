import { ReelstreamError } from '../../core/errors.ts';
import type { RatingEvent } from '../../core/rating-event.ts';
import { createEncoder, type Encode } from '../../schemas/codec.ts';
import { RATING_EVENT, type SchemaContract } from '../../schemas/contracts.ts';

/** As the next version of the contract might be: one more field, with a default. */
const DEVICE_FIELD = { name: 'device', type: ['null', 'string'], default: null };
/** A field without a default: nobody who reads with this version could read what was written before. */
const COUNTRY_FIELD = { name: 'country', type: 'string' };
const DEVICES = [null, 'phone', 'television', 'browser'] as const;
const HTTP_CONFLICT = 409;

/** Only a load run writes this version, to prove that the pipeline reads it. */
export const SWITCHED_RATING_EVENT: SchemaContract = withField(DEVICE_FIELD);
export const REFUSED_RATING_EVENT: SchemaContract = withField(COUNTRY_FIELD);

function withField(field: object): SchemaContract {
  const schema = JSON.parse(RATING_EVENT.schema) as { readonly fields: readonly object[] };
  const longer = { ...schema, fields: [...schema.fields, field] };
  return { subject: RATING_EVENT.subject, schema: JSON.stringify(longer) };
}

/** @param schemaId what the registry gave to SWITCHED_RATING_EVENT */
export function createSwitchedEncoder(schemaId: number): Encode<RatingEvent> {
  return createEncoder<RatingEvent>({
    schema: SWITCHED_RATING_EVENT.schema,
    schemaId,
    toRecord: ({ eventId, userId, movieId, kind, rating, tsMs, source }) => ({
      event_id: Buffer.from(eventId.buffer, eventId.byteOffset, eventId.byteLength),
      user_id: userId,
      movie_id: movieId,
      kind,
      rating,
      ts: tsMs,
      source,
      // ids of a run end in the event's number, so that every value comes up
      device: DEVICES[eventId.at(-1)! % DEVICES.length]!,
    }),
  });
}

/**
 * Offers the registry an incompatible version of the contract, which it must refuse; resolves with the registry's words.
 * The good version is registered before, because the first version of a subject is always taken.
 * @param register of the registry client
 * @throws ReelstreamError `registry` when it took the version or refused it for another reason than incompatibility,
 * `unavailable` (retryable) when it could not be asked
 */
export async function proveRefusal(register: (contract: SchemaContract) => Promise<number>): Promise<string> {
  await register(RATING_EVENT);
  let schemaId: number;
  try {
    schemaId = await register(REFUSED_RATING_EVENT);
  } catch (error) {
    if (isConflict(error)) return error.message;
    throw error;
  }
  const { subject } = REFUSED_RATING_EVENT;
  throw new ReelstreamError(
    'registry',
    `the registry took an incompatible version of ${subject} (schema ${schemaId}): whoever reads with it can no longer ` +
      `read older events. Delete that version, and set the subject's compatibility to FULL_TRANSITIVE`,
    { details: { subject, schemaId } },
  );
}

function isConflict(error: unknown): error is ReelstreamError {
  return (
    error instanceof ReelstreamError && error.code === 'registry' && error.details.status === HTTP_CONFLICT
  );
}
