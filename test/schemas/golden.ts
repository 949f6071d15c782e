import type { RatingEvent } from '../../core/rating-event.ts';
import type { UserProfile } from '../../schemas/user-profile-codec.ts';

/** Schema id inside the golden records. */
export const GOLDEN_SCHEMA_ID = 7;

/** One record per version of the rating event, as it once went to a log. These bytes must be readable for ever. */
export const RATING_EVENT_V1: { readonly hex: string; readonly event: RatingEvent } = {
  hex: '000000000700112233445566778899aabbccddeeffc409fc04000200009040a0a1ed84fa560c7265706c6179',
  event: {
    eventId: Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
    userId: 610,
    movieId: 318,
    kind: 'RATED',
    rating: 4.5,
    tsMs: 1_493_848_402_000,
    source: 'replay',
  },
};

export const USER_PROFILE_V1: { readonly hex: string; readonly profile: UserProfile } = {
  hex: '0000000007c40902026602801fa0a1ed84fa56',
  profile: { userId: 610, gender: 'f', yearOfBirth: 1984, tsMs: 1_493_848_402_000 },
};
