import { isExactLong, isInt32 } from './avro-range.ts';
import { createDecoder, createEncoder, type Decoder, type Encode } from './codec.ts';
import { USER_PROFILE } from './contracts.ts';

/** What a person told about themselves, as the Avro contract `schemas/user-profile.v1.avsc` carries it. */
export interface UserProfile {
  readonly userId: number;
  readonly gender: string | null;
  readonly yearOfBirth: number | null;
  /** when they told it, ms since 1970 */
  readonly tsMs: number;
}

/** Decodes every version of the profile. A tombstone (null value) means deleted and is not for this decoder. */
export function createUserProfileDecoder(): Decoder<UserProfile> {
  return createDecoder<UserProfile>({
    readerSchema: USER_PROFILE.schema,
    fromRecord(record) {
      const userId = record.user_id as number;
      const yearOfBirth = record.year_of_birth as number | null;
      const tsMs = record.ts as number;
      if (!isInt32(userId) || !isExactLong(tsMs)) return null;
      if (yearOfBirth !== null && !isInt32(yearOfBirth)) return null;
      return { userId, gender: record.gender as string | null, yearOfBirth, tsMs };
    },
  });
}

/** Encodes profiles under the id the registry gave to the current schema. */
export function createUserProfileEncoder(schemaId: number): Encode<UserProfile> {
  return createEncoder<UserProfile>({
    schema: USER_PROFILE.schema,
    schemaId,
    toRecord: ({ userId, gender, yearOfBirth, tsMs }) => ({
      user_id: userId,
      gender,
      year_of_birth: yearOfBirth,
      ts: tsMs,
    }),
  });
}
