import type { RatingEvent } from '../core/rating-event.ts';
import { correctionRounds, createEngine, visitsPerRound } from './engines/create-engine.ts';
import { createDrift } from './engines/drift.ts';
import { type RecommenderOptions, settingsText } from './options.ts';
import { createContacts } from './ranking/contacts.ts';
import { createReader, type Reader, type Recommendation } from './reader.ts';
import { float64 } from './state/column.ts';
import { createIdIndex } from './state/id-index.ts';
import { restoreTables, type Snapshot, takeSnapshot } from './state/snapshot.ts';
import { createTable, tableBytes } from './state/table.ts';
import { isCounted, isRated, isSeen } from './store/opinion.ts';
import { clip, HIGHEST_STARS } from './store/scale.ts';

export type { Reader, Recommendation };

/** What an event did. `refused`: no rating of the scale, or no room for one more user or film. */
export const OUTCOMES = [
  'learned',
  'replaced',
  'unrated',
  'watched',
  'unwatched',
  'withdrawn',
  'unchanged',
  'refused',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** A pair's first rating as it was foreseen before it was learned. */
export interface Scored {
  readonly rating: number;
  readonly predicted: number;
  readonly withoutDrift: number;
}

export type ChangeEvent = Pick<RatingEvent, 'kind' | 'userId' | 'movieId' | 'rating' | 'tsMs'>;

/**
 * All that is learned from the log: predict, score, learn, one event at a time. Pure and deterministic: the state is a
 * function of the options and of the sequence of calls that change it.
 */
export interface Recommender extends Reader {
  readonly options: RecommenderOptions;
  apply(event: ChangeEvent): Outcome;
  /** of the last event whose outcome was `learned` */
  readonly scored: Scored;
  /** `rounds` times what one event is given; returns the rounds that the budget still allowed */
  replay(rounds: number): number;
  /** the replay that is left before every rating has had its visits */
  replayRoundsDue(): number;
  /** views of the state: store or copy them before the next event */
  snapshot(): Snapshot;
  refused(): { readonly events: number; readonly updates: number };
  /** bytes by table */
  bytes(): Readonly<Record<string, number>>;
}

/** @throws ReelstreamError `bad_data` when the snapshot cannot be continued with these options */
export function createRecommender(options: RecommenderOptions, from?: Snapshot): Recommender {
  const users = createIdIndex('user', options.maxUsers);
  const films = createIdIndex('film', options.maxFilms);
  const { store, engine } = createEngine(options.engine);
  const drift = createDrift();
  const contacts = options.ranking ? createContacts(store, options.seed) : null;
  const state = createTable(
    'state',
    { version: float64(), latestMs: float64(), rounds: float64(), refused: float64() },
    1,
  );
  const { version, latestMs, rounds, refused } = state.columns;
  const tables = [
    state,
    drift.table,
    ...users.tables,
    ...films.tables,
    ...store.tables,
    ...engine.tables,
    ...(contacts?.tables ?? []),
  ];
  const perRound = visitsPerRound(options.engine);
  const forCorrection = correctionRounds(options.engine);
  const scored = { rating: 0, predicted: 0, withoutDrift: 0 };
  const reader = createReader({ users, films, store, engine, drift, contacts, latestMs, version });

  function userFor(userId: number): number {
    const before = users.size;
    const user = users.rowFor(userId);
    if (users.size === before) return user;
    store.ensureUsers(user + 1);
    drift.ensure(user + 1);
    engine.addUser(user, userId);
    return user;
  }

  function filmFor(movieId: number): number {
    const before = films.size;
    const film = films.rowFor(movieId);
    if (films.size === before) return film;
    store.ensureFilms(film + 1);
    contacts?.ensureFilms(film + 1);
    engine.addFilm(film, movieId);
    return film;
  }

  function replayInPath(count: number): void {
    if (!options.replayInPath) return;
    engine.replay(count);
    rounds.data[0]! += count;
  }

  function refuse(): Outcome {
    refused.data[0]!++;
    return 'refused';
  }

  function rate(userId: number, movieId: number, rating: number, tsMs: number): Outcome {
    if (!(rating >= 0 && rating <= HIGHEST_STARS && Number.isInteger(rating * 2))) return refuse();
    const user = userFor(userId);
    const film = filmFor(movieId);
    if (user < 0 || film < 0) return refuse();
    const foreseen = engine.predict(user, film);
    const change = store.rate(user, film, rating * 2, tsMs);
    if (change === 'same') return 'unchanged';
    if (change === 'replaced') {
      engine.relearn(user, film, rating, store.before);
      replayInPath(forCorrection);
      return 'replaced';
    }
    scored.rating = rating;
    scored.withoutDrift = clip(foreseen);
    scored.predicted = clip(foreseen + drift.at(user, tsMs));
    drift.learn(user, rating - foreseen, tsMs);
    engine.learn(user, film, rating);
    contacts?.count(user, film, tsMs);
    replayInPath(1);
    return 'learned';
  }

  function unrate(user: number, film: number): Outcome {
    if (!store.unrate(user, film)) return 'unchanged';
    engine.unlearn(user, film, store.before, false);
    replayInPath(forCorrection);
    return 'unrated';
  }

  function watch(userId: number, movieId: number, tsMs: number): Outcome {
    const user = userFor(userId);
    const film = filmFor(movieId);
    if (user < 0 || film < 0) return refuse();
    if (!store.watch(user, film, tsMs)) return 'unchanged';
    contacts?.count(user, film, tsMs);
    return 'watched';
  }

  function unwatch(user: number, film: number): Outcome {
    if (!store.unwatch(user, film)) return 'unchanged';
    const index = store.find(user, film);
    if (isSeen(store.opinion(user, index))) return 'unwatched';
    contacts?.uncount(user, index);
    store.remove(user, index);
    return 'unwatched';
  }

  function withdraw(user: number, userId: number): Outcome {
    const films = store.users.columns.film;
    for (let index = store.users.length(user) - 1; index >= 0; index--) {
      const film = films.data[store.users.start(user) + index]!;
      const opinion = store.opinion(user, index);
      if (isCounted(opinion)) contacts?.uncount(user, index);
      store.remove(user, index);
      if (isRated(opinion)) engine.unlearn(user, film, store.before, true);
    }
    store.users.clear(user);
    engine.forgetUser(user, userId);
    drift.reset(user);
    return 'withdrawn';
  }

  function dispatch({ kind, userId, movieId, rating, tsMs }: ChangeEvent): Outcome {
    if (kind === 'RATED') return rate(userId, movieId, rating ?? Number.NaN, tsMs);
    if (kind === 'WATCHED') return watch(userId, movieId, tsMs);
    if (kind === 'CANARY') return 'unchanged';
    const user = users.rowOf(userId);
    if (user < 0) return 'unchanged';
    if (kind === 'USER_DELETED') return withdraw(user, userId);
    const film = films.rowOf(movieId);
    if (film < 0) return 'unchanged';
    return kind === 'UNRATED' ? unrate(user, film) : unwatch(user, film);
  }

  const replayRoundsDue = (): number =>
    perRound === 0
      ? 0
      : Math.max(0, Math.floor((options.replayBudget * store.ratingCount()) / perRound) - rounds.data[0]!);

  if (from) {
    restoreTables(from, settingsText(options), tables);
    users.restored();
    films.restored();
  }

  return {
    ...reader,
    options,
    scored,
    apply(event) {
      const outcome = dispatch(event);
      if (outcome === 'refused') return outcome;
      latestMs.data[0] = Math.max(latestMs.data[0]!, event.tsMs);
      if (outcome !== 'unchanged') version.data[0]!++;
      return outcome;
    },
    replay(wanted) {
      const granted = Math.min(wanted, replayRoundsDue());
      engine.replay(granted);
      rounds.data[0]! += granted;
      return granted;
    },
    replayRoundsDue,
    snapshot: () => takeSnapshot(settingsText(options), tables),
    refused: () => ({ events: refused.data[0]!, updates: engine.refusedUpdates() }),
    bytes: () => Object.fromEntries(tables.map((table) => [table.name, tableBytes(table)])),
  };
}
