import type { RatingEvent } from '../core/rating-event.ts';
import type { Reader } from '../recommender/reader.ts';

/** A record in the log. `slot` stands for one Kafka partition of one incarnation of one topic, as in ClickHouse. */
export interface Position {
  readonly slot: number;
  readonly offset: number;
}

/** What the answers rest on. */
export interface AsOf {
  readonly modelVersion: number;
  /** newest event time applied, ms since 1970 */
  readonly eventTimeMs: number;
  /** slot -> next offset to apply */
  readonly positions: ReadonlyMap<number, number>;
}

/**
 * `no`: nothing sensible can be said yet. `behind`: what was known when this process last ran, and it catches up: reads are
 * answered and say as of when they are. `yes`: it has caught up once.
 */
export type Readiness = 'no' | 'behind' | 'yes';

/** The learner as the API sees it: read in place, never copied. */
export interface LiveModel {
  readonly reader: Reader;
  asOf(): AsOf;
  /** true once the record is applied, false when the deadline came first or the slot is not one of ours */
  reached(position: Position, timeoutMs: number): Promise<boolean>;
  readiness(): Readiness;
}

/** What people told about themselves; null where they did not. */
export interface Profile {
  readonly gender: string | null;
  readonly yearOfBirth: number | null;
}

export interface UserDirectory {
  /** null when there is no profile, or it was deleted */
  profile(userId: number): Profile | null;
  /** true when the newest that is known of the person is the deletion */
  isDeleted(userId: number): boolean;
  /** a user id that nobody has, taken by this call */
  takeNextId(): number;
}

/** The one way in: every write is an event on a topic. @throws ReelstreamError `unavailable`, `timeout`, `kafka` */
export interface EventGateway {
  /** resolves when Kafka has acknowledged the event */
  writeEvent(event: Omit<RatingEvent, 'eventId'>, eventId?: Uint8Array): Promise<Position>;
  /** null deletes; resolves once this process has taken the profile in */
  writeProfile(userId: number, profile: Profile | null): Promise<void>;
}

export interface Film {
  readonly movieId: number;
  /** without the year */
  readonly title: string;
  /** null where it is not known */
  readonly year: number | null;
  readonly genres: readonly string[];
  readonly description: string;
}

export interface FilmCatalogue {
  /** 0 until a catalogue could be read */
  readonly version: number;
  film(movieId: number): Film | null;
}
