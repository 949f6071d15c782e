import { describe, expect, it } from 'vitest';
import { EARLIEST_EVENT_MS, isInDomain, isLate, MAX_CLOCK_SKEW_MS } from '../../core/check.ts';
import { EVENT_KINDS, type RatingEvent } from '../../core/rating-event.ts';
import { KAFKA_TIME_MS, rating } from '../helpers/events.ts';

const withoutFilm = { movieId: 0, rating: null } as const;

describe('domain of an event', () => {
  it.each<[string, Partial<RatingEvent>]>([
    ['a rating', {}],
    ['the lowest rating', { rating: 0 }],
    ['the highest rating', { rating: 5 }],
    ['the first user and film', { userId: 1, movieId: 1 }],
    ['the largest ids', { userId: 2 ** 31 - 1, movieId: 2 ** 31 - 1 }],
    ['a withdrawal', { kind: 'UNRATED', rating: null }],
    ['a watch', { kind: 'WATCHED', rating: null }],
    ['a watch taken back', { kind: 'UNWATCHED', rating: null }],
    ['a deletion, which concerns no film', { kind: 'USER_DELETED', ...withoutFilm }],
    ['a canary, which concerns nobody', { kind: 'CANARY', userId: 0, ...withoutFilm }],
    ['the oldest event time', { tsMs: EARLIEST_EVENT_MS }],
    ['an event time ahead of the broker by the allowed skew', { tsMs: KAFKA_TIME_MS + MAX_CLOCK_SKEW_MS }],
  ])('holds %s', (_, changes) => {
    expect(isInDomain(rating(changes), KAFKA_TIME_MS)).toBe(true);
  });

  it.each<[string, Partial<RatingEvent>]>([
    ['nobody', { userId: 0 }],
    ['a negative user', { userId: -1 }],
    ['a canary from below zero', { kind: 'CANARY', userId: -1, ...withoutFilm }],
    ['no film', { movieId: 0 }],
    ['a negative film', { movieId: -5 }],
    ['a deletion with a film', { kind: 'USER_DELETED', movieId: 3, rating: null }],
    ['a canary with a film', { kind: 'CANARY', userId: 0, movieId: 3, rating: null }],
    ['a rating without its value', { rating: null }],
    ['a rating between half steps', { rating: 3.25 }],
    ['a rating above five', { rating: 5.5 }],
    ['a rating below zero', { rating: -0.5 }],
    ['a rating that is no number', { rating: Number.NaN }],
    ['an endless rating', { rating: Number.POSITIVE_INFINITY }],
    ['an event time before 1995', { tsMs: EARLIEST_EVENT_MS - 1 }],
    ['an event time ahead of the allowed skew', { tsMs: KAFKA_TIME_MS + MAX_CLOCK_SKEW_MS + 1 }],
  ])('does not hold %s', (_, changes) => {
    expect(isInDomain(rating(changes), KAFKA_TIME_MS)).toBe(false);
  });

  it.each(EVENT_KINDS.filter((kind) => kind !== 'RATED'))('allows no rating with %s', (kind) => {
    const movieId = kind === 'USER_DELETED' || kind === 'CANARY' ? 0 : 1;
    expect(isInDomain(rating({ kind, movieId, rating: null }), KAFKA_TIME_MS)).toBe(true);
    expect(isInDomain(rating({ kind, movieId, rating: 3 }), KAFKA_TIME_MS)).toBe(false);
  });

  it('counts an event as late only beyond the allowed lateness', () => {
    const event = rating({ tsMs: KAFKA_TIME_MS - 60_000 });
    expect(isLate(event, KAFKA_TIME_MS, 60_000)).toBe(false);
    expect(isLate(event, KAFKA_TIME_MS, 59_999)).toBe(true);
  });
});
