import { describe, expect, it } from 'vitest';
import { type ContentModel, UNKNOWN_FILMS } from '../../../producer/content/content-model.ts';
import { hashContentModel } from '../../../producer/content/hash-content-model.ts';
import type { EventContent } from '../../../producer/event-source.ts';
import { eventsOf, everything, hashOf } from './fixture.ts';

const EVENTS = 12_000;
type Part = 'userId' | 'movieId' | 'kind' | 'rating';

/** Without re-ratings an event is about itself, so that one event's change is seen in that event alone. */
const base: ContentModel = { ...everything, reRatingShare: 0 };
const before = eventsOf(base, EVENTS);
const isNewUser = ({ userId }: EventContent) => userId > 300_000;
const isNewFilm = ({ movieId }: EventContent) => movieId >= 1_000_000 && movieId < UNKNOWN_FILMS.firstId;
const isUnknown = ({ movieId }: EventContent) => movieId >= UNKNOWN_FILMS.firstId;
const isWatch = ({ kind }: EventContent) => kind === 'WATCHED';

interface Knob {
  readonly change: Partial<ContentModel>;
  /** parts of every event that must stay as they were */
  readonly keeps: readonly Part[];
  /** events that may differ in the other parts; default any */
  readonly touches?: (event: EventContent) => boolean;
}

const arrivals = { firstId: 300_001, followUps: 19 };
const films = { firstId: 1_000_000, followUps: 19 };
const range = { firstId: 300_001, lastId: 300_300, probability: 0.3, swapped: false };
const flatter = base.films.probabilities.map((p) => (p > 0 ? 1 : 0));

const KNOBS: Readonly<Record<string, Knob>> = {
  popularity: { change: { popularity: { by: 'zipf', exponent: 0.5 } }, keeps: ['userId', 'kind'] },
  counts: {
    change: { counts: base.counts!.map((count) => count ** 2) },
    keeps: ['userId', 'kind'],
  },
  'the distribution': {
    change: { films: { ...base.films, probabilities: flatter } },
    keeps: ['userId', 'movieId', 'kind'],
  },
  users: {
    change: { users: { firstId: 1, lastId: 5_000 } },
    keeps: ['movieId', 'kind', 'rating'],
    touches: (event) => !isNewUser(event),
  },
  activity: {
    change: { activityExponent: 0.3 },
    keeps: ['movieId', 'kind', 'rating'],
    touches: (event) => !isNewUser(event),
  },
  'the share of new users': {
    change: { newUsers: { ...arrivals, share: 0.02 } },
    keeps: ['movieId', 'kind', 'rating'],
    touches: isNewUser,
  },
  'the first new user': {
    change: { newUsers: { ...arrivals, share: 0.01, firstId: 400_000 } },
    keeps: ['movieId', 'kind', 'rating'],
    touches: isNewUser,
  },
  'follow-ups of users': {
    change: { newUsers: { ...arrivals, share: 0.01, followUps: 5 } },
    keeps: ['movieId', 'kind', 'rating'],
    touches: isNewUser,
  },
  'new users by range': {
    change: { newUsers: range },
    keeps: ['movieId', 'kind', 'rating'],
    touches: isNewUser,
  },
  'the share of new films': {
    change: { newFilms: { ...films, share: 0.01 } },
    keeps: ['userId', 'kind'],
    touches: isNewFilm,
  },
  'the first new film': {
    change: { newFilms: { ...films, share: 0.005, firstId: 1_500_000 } },
    keeps: ['userId', 'kind', 'rating'],
    touches: isNewFilm,
  },
  'follow-ups of films': {
    change: { newFilms: { ...films, share: 0.005, followUps: 5 } },
    keeps: ['userId', 'kind'],
    touches: isNewFilm,
  },
  'unknown films': { change: { unknownFilmShare: 0.1 }, keeps: ['userId', 'kind'], touches: isUnknown },
  watches: { change: { watchShare: 0.4 }, keeps: ['userId', 'movieId'], touches: isWatch },
  'refer-after': {
    change: { referAfter: 500 },
    keeps: ['kind'],
    touches: (event) => isNewUser(event) || isNewFilm(event),
  },
};

describe('each knob of the content', () => {
  it.each(Object.entries(KNOBS))('%s changes what it is for and nothing else', (_, knob) => {
    const { change, keeps, touches = () => true } = knob;
    const after = eventsOf({ ...base, ...change }, EVENTS);
    expect(hashOf(after)).not.toBe(hashOf(before));
    expect(hashContentModel({ ...base, ...change })).not.toBe(hashContentModel(base));
    for (const part of keeps) {
      // a rating cannot be kept where there is none
      const differs = after.findIndex((event, n) => event[part] !== before[n]![part]);
      expect({ part, differs }).toEqual({ part, differs: -1 });
    }
    const others = after.filter((event, n) => !touches(event) && !touches(before[n]!));
    const same = before.filter((event, n) => !touches(event) && !touches(after[n]!));
    expect(hashOf(others)).toBe(hashOf(same));
  });

  it('re-ratings change the events that are some, and nothing else', () => {
    const after = eventsOf({ ...base, reRatingShare: 0.1 }, EVENTS);
    const changed = after.filter((event, n) => hashOf([event]) !== hashOf([before[n]!]));
    // those that would have been about the same user and film anyway are too few to matter
    expect(changed.length / (EVENTS - base.referAfter)).toBeGreaterThan(0.08);
    expect(changed.length / (EVENTS - base.referAfter)).toBeLessThan(0.12);
    expect(after.map(({ kind }) => kind)).toEqual(before.map(({ kind }) => kind));
  });

  it('watches leave re-ratings alone: they are ratings, whatever the share', () => {
    const model = { ...base, reRatingShare: 0.1, watchShare: 0 };
    const reRated = eventsOf(model, EVENTS).map((event, n) => event.userId !== before[n]!.userId);
    const watching = eventsOf({ ...model, watchShare: 0.9 }, EVENTS);
    expect(watching.filter((event, n) => reRated[n] && isWatch(event))).toEqual([]);
    expect(watching.filter(isWatch).length / EVENTS).toBeCloseTo(0.9, 2);
  });

  it('unknown films leave new films alone', () => {
    const many = eventsOf({ ...base, unknownFilmShare: 0.5 }, EVENTS);
    const arrivals = 0.005 * EVENTS;
    // only the arrivals' own events come before the choice of a kind
    expect(many.filter(isNewFilm).length).toBe(before.filter(isNewFilm).length);
    expect(before.filter(isNewFilm).length).toBeGreaterThan(5 * arrivals);
  });

  it('the window of re-ratings changes the re-ratings alone', () => {
    const near = eventsOf({ ...base, reRatingShare: 0.1, reRatingWindow: 10 }, EVENTS);
    const far = eventsOf({ ...base, reRatingShare: 0.1, reRatingWindow: 10_000 }, EVENTS);
    expect(hashOf(near)).not.toBe(hashOf(far));
    const changed = near.filter((event, n) => hashOf([event]) !== hashOf([far[n]!]));
    expect(changed.length / EVENTS).toBeLessThan(0.12);
  });

  it('swapping the ranges turns every choice round', () => {
    const [plain, swapped] = [false, true].map((on) =>
      eventsOf({ ...base, newUsers: { ...range, swapped: on } }, EVENTS).map(isNewUser),
    );
    expect(swapped).toEqual(plain!.map((isNew) => !isNew));
  });

  it('the seed changes every decision', () => {
    const other = eventsOf(base, EVENTS, 8);
    for (const part of ['userId', 'movieId', 'kind', 'rating'] as const) {
      expect(other.map((event) => event[part])).not.toEqual(before.map((event) => event[part]));
    }
  });
});

describe('the hash of a model', () => {
  it('is the same for the same values in another order', () => {
    const turned = Object.fromEntries(Object.entries(base).toReversed()) as unknown as ContentModel;
    expect(hashContentModel(turned)).toBe(hashContentModel(base));
  });
});
