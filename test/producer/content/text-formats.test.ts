import { describe, expect, it } from 'vitest';
import { createEventIds } from '../../../core/event-id.ts';
import { CSV_HEADER, formatCsv, formatJson } from '../../../producer/content/text-formats.ts';
import type { EventContent } from '../../../producer/event-source.ts';

const event = (userId: number, movieId: number, rating: number | null): EventContent => ({
  userId,
  movieId,
  kind: rating === null ? 'WATCHED' : 'RATED',
  rating,
  tsMs: 1_700_000_000_123,
  source: 'live',
});

describe('CSV', () => {
  it('is byte for byte what MoviesMatchDataGenerator shows', () => {
    const rows = [
      event(300_082, 4, 3),
      event(300_199, 2, 4),
      event(47_427, 9, 3),
      event(210_960, 2, 3),
      event(300_100, 8, 4.5),
    ];
    expect([CSV_HEADER, ...rows.map(formatCsv)].join('\n')).toBe(
      'user_id,movie_id,rating\n300082,4,3.0\n300199,2,4.0\n47427,9,3.0\n210960,2,3.0\n300100,8,4.5',
    );
  });

  it('leaves the rating of a watch empty', () => {
    expect(formatCsv(event(1, 2, null))).toBe('1,2,');
  });
});

describe('JSON', () => {
  it('is one object a line under the names of the Avro contract, the id as a UUID', () => {
    const eventId = createEventIds('0123456789abcde')(258);
    const text = formatJson({ eventId, ...event(7, 296, 4.5) });
    expect(text).toBe(
      '{"event_id":"01234567-89ab-8cde-8000-000000000102","user_id":7,"movie_id":296,"kind":"RATED","rating":4.5,"ts":1700000000123,"source":"live"}',
    );
    expect(JSON.parse(formatJson({ eventId, ...event(7, 296, null) }))).toMatchObject({
      kind: 'WATCHED',
      rating: null,
    });
  });
});
