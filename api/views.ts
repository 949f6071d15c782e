import type { Opinion } from '../recommender/reader.ts';
import { appliedPositions } from './http/position.ts';
import type { ApiContext } from './options.ts';

/** What a watch without a rating counts as where its film has too few ratings for an average. Shown, never learned. */
const IMPLICIT_STARS = 3.5;

export interface MovieBody {
  readonly description: string;
  readonly genres: string;
  readonly movie_id: number;
  readonly title: string | null;
  readonly year: number | null;
}

export interface RatedFilm {
  readonly movieId: number;
  readonly isImplicit: boolean;
  readonly stars: number;
  readonly tsMs: number;
}

/** A film as answers show it; one that the catalogue does not hold has its id alone. */
export function movieBody({ ports }: ApiContext, movieId: number): MovieBody {
  const film = ports.films.film(movieId);
  return {
    description: film?.description ?? '',
    genres: film?.genres.join('|') ?? '',
    movie_id: movieId,
    title: film?.title ?? null,
    year: film?.year ?? null,
  };
}

/** The mean of a film's explicit ratings; null while it has too few. */
export function averageOf({ ports, options }: ApiContext, movieId: number): number | null {
  const { ratings, average } = ports.model.reader.filmStatistics(movieId);
  return ratings >= options.ratingsForAverage ? average : null;
}

export function ratedFilm(context: ApiContext, { movieId, rating, tsMs }: Opinion): RatedFilm {
  const stars = rating ?? averageOf(context, movieId) ?? IMPLICIT_STARS;
  return { movieId, isImplicit: rating === null, stars, tsMs };
}

export function ratingBody(context: ApiContext, { movieId, isImplicit, stars, tsMs }: RatedFilm): object {
  const asText = context.options.compat === 'movierec';
  return {
    is_implicit: isImplicit,
    movie: movieBody(context, movieId),
    rating: asText ? (Number.isInteger(stars) ? stars.toFixed(1) : String(stars)) : stars,
    ts: asText ? pythonTime(tsMs).replace('T', ' ') : rfcTime(tsMs),
  };
}

/** Which state of the model an answer comes from. */
export function modelBody({ ports }: ApiContext): object {
  const { modelVersion, eventTimeMs } = ports.model.asOf();
  return {
    version: modelVersion,
    as_of: {
      ts: eventTimeMs > 0 ? rfcTime(eventTimeMs) : null,
      positions: Object.fromEntries(appliedPositions(ports.model).map(({ slot, offset }) => [slot, offset])),
    },
  };
}

/** When a rating was given, as the answer to giving it says. */
export const writeTime = ({ options }: ApiContext, tsMs: number): string =>
  options.compat === 'movierec' ? pythonTime(tsMs) : rfcTime(tsMs);

const rfcTime = (tsMs: number): string => new Date(tsMs).toISOString().replace('Z', '+00:00');

/** `datetime.isoformat()`: six digits of a second, or none at all. */
function pythonTime(tsMs: number): string {
  const text = new Date(tsMs).toISOString();
  return `${text.slice(0, 19)}${tsMs % 1_000 === 0 ? '' : `${text.slice(19, 23)}000`}+00:00`;
}

/** Four digits are more than a prediction is worth. */
export const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;
