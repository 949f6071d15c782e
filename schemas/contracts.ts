import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One version of an event's contract: a file that is never edited, and the subject it is registered under. */
export interface SchemaContract {
  readonly subject: string;
  /** the Avro schema as JSON text, byte for byte as in the file */
  readonly schema: string;
}

export const RATINGS_SUBJECT = 'ratings-value';
export const USERS_SUBJECT = 'users-value';

/** What this build writes, and reads everything as. */
export const RATING_EVENT: SchemaContract = {
  subject: RATINGS_SUBJECT,
  schema: readContract('rating-event.v1.avsc'),
};
export const USER_PROFILE: SchemaContract = {
  subject: USERS_SUBJECT,
  schema: readContract('user-profile.v1.avsc'),
};

/** The compiler copies no .avsc files: from dist/schemas/ they are found in the sources next to it. */
function readContract(name: string): string {
  const beside = fileURLToPath(new URL(`./${name}`, import.meta.url));
  const fromBuild = fileURLToPath(new URL(`../../schemas/${name}`, import.meta.url));
  return readFileSync(existsSync(beside) ? beside : fromBuild, 'utf8');
}
