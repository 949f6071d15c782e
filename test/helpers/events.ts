import type { RatingEvent } from '../../core/rating-event.ts';

export const KAFKA_TIME_MS: number = Date.UTC(2024, 5, 1, 12);

/** A 16-byte id that carries a number; different numbers, different ids. */
export function idOf(number: number): Uint8Array {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(0x2e71_57ea, 0);
  id.writeUIntBE(number, 10, 6);
  return id;
}

/** A good rating; say only what matters to the test. */
export function rating(changes: Partial<RatingEvent> = {}): RatingEvent {
  return {
    eventId: idOf(1),
    userId: 7,
    movieId: 296,
    kind: 'RATED',
    rating: 4.5,
    tsMs: KAFKA_TIME_MS - 1_000,
    source: 'test',
    ...changes,
  };
}
