import type { RatingEvent } from '../../core/rating-event.ts';
import type { EventContent } from '../event-source.ts';

/** First line of a CSV file of events, without its line end. */
export const CSV_HEADER = 'user_id,movie_id,rating';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** One line without its end, as MoviesMatchDataGenerator shows it: `300082,4,3.0`. The rating of a watch is empty. */
export function formatCsv({ userId, movieId, rating }: EventContent): string {
  return `${userId},${movieId},${rating === null ? '' : rating.toFixed(1)}`;
}

/** One JSON object without line breaks, under the names of the Avro contract; `ts` is ms since 1970. */
export function formatJson(event: RatingEvent): string {
  const { eventId, userId, movieId, kind, rating, tsMs, source } = event;
  return JSON.stringify({
    event_id: formatUuid(eventId),
    user_id: userId,
    movie_id: movieId,
    kind,
    rating,
    ts: tsMs,
    source,
  });
}

function formatUuid(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
    text += HEX[bytes[i]!];
  }
  return text;
}
