import type { RatingEvent } from '../../core/rating-event.ts';

export interface KnownProfile {
  readonly gender: string | null;
  readonly yearOfBirth: number | null;
}

/** Part of the learner's state: what the ratings topic says about who there is. */
export interface PeopleState {
  readonly highestUserId: number;
  readonly deleted: readonly number[];
}

/**
 * Who there is. Deletions and the highest id come from the ratings topic in the order of the log and belong to the snapshot;
 * profiles come from the compacted topic `users`, which is read anew at every start.
 */
export interface UserDirectory {
  profile(userId: number): KnownProfile | null;
  /** true when the newest that is known of the person is the deletion */
  isDeleted(userId: number): boolean;
  /** a user id that nobody has, taken by this call */
  takeNextId(): number;
  readonly profiles: number;
  /** an event that counts */
  sawEvent(event: Pick<RatingEvent, 'kind' | 'userId'>): void;
  /** null: deleted. Without room for one more it is not kept, which is counted. */
  sawProfile(userId: number, profile: KnownProfile | null): void;
  /** the topic is read again from its start */
  forgetProfiles(): void;
  readonly refusedProfiles: number;
  state(): PeopleState;
}

export interface UserDirectoryOptions {
  /** ids that are given away are at least this */
  readonly firstUserId: number;
  readonly maxProfiles: number;
}

export function createUserDirectory(
  { firstUserId, maxProfiles }: UserDirectoryOptions,
  from: PeopleState = { highestUserId: 0, deleted: [] },
): UserDirectory {
  const profiles = new Map<number, KnownProfile>();
  const deleted = new Set(from.deleted);
  let highest = from.highestUserId;
  let taken = 0;
  let refused = 0;
  return {
    profile: (userId) => profiles.get(userId) ?? null,
    isDeleted: (userId) => deleted.has(userId) && !profiles.has(userId),
    takeNextId() {
      taken = Math.max(highest + 1, taken + 1, firstUserId);
      return taken;
    },
    get profiles() {
      return profiles.size;
    },
    get refusedProfiles() {
      return refused;
    },
    sawEvent({ kind, userId }) {
      if (userId > highest) highest = userId;
      if (kind === 'USER_DELETED') deleted.add(userId);
      else if (deleted.size > 0) deleted.delete(userId);
    },
    sawProfile(userId, profile) {
      if (userId > highest) highest = userId;
      if (profile === null) profiles.delete(userId);
      else if (profiles.size < maxProfiles || profiles.has(userId)) profiles.set(userId, profile);
      else refused += 1;
    },
    forgetProfiles: () => profiles.clear(),
    state: () => ({ highestUserId: highest, deleted: [...deleted] }),
  };
}
