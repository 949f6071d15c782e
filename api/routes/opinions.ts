import type { FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.ts';
import { requireFilm, requireUser } from '../known.ts';
import type { ApiContext } from '../options.ts';
import { bodyOf, paramsOf, queryOf, type Route } from '../route.ts';
import { ID, object, query, TIME, userParams, writeHeaders, written } from '../schemas.ts';
import { writeTime } from '../views.ts';
import { writeEvent } from '../write-event.ts';

const NAMED_FILM = object({ movie_id: ID });
/** A DELETE names its film in the body or in the query. */
const FILM_IN_BODY = { ...object({ movie_id: ID }, ['movie_id']), type: ['object', 'null'] };
const FILM_IN_QUERY = query({ movie_id: ID });
const STARS = { type: 'number', minimum: 0, maximum: 5, description: 'rounded to the nearest half step' };

interface Named {
  readonly movie_id?: number;
}

function filmNamed(request: FastifyRequest): number {
  const movieId = bodyOf<Named | null | undefined>(request)?.movie_id ?? queryOf<Named>(request).movie_id;
  if (movieId === undefined) throw new Problem(400, 'movie_id is missing', 'movie_id');
  return movieId;
}

/** The user and the film of a write, both known. */
function pairOf(context: ApiContext, request: FastifyRequest): { userId: number; movieId: number } {
  const userId = paramsOf<{ user_id: number }>(request).user_id;
  requireUser(context.ports, userId);
  const movieId = filmNamed(request);
  requireFilm(context.ports, movieId);
  return { userId, movieId };
}

export function ratingRoutes(context: ApiContext): Route[] {
  const tags = ['ratings'];
  return [
    {
      method: 'PUT',
      url: '/user/:user_id/rating',
      schema: {
        summary: 'Rates a film, also again',
        tags,
        params: userParams,
        headers: writeHeaders,
        body: object({ movie_id: ID, rating: STARS }),
        response: written(
          object({
            is_implicit: { type: 'boolean' },
            movie_id: ID,
            rating: { type: 'number' },
            ts: TIME,
            user_id: ID,
          }),
        ),
      },
      async handle(request, reply) {
        const pair = pairOf(context, request);
        const rating = Math.round(bodyOf<{ rating: number }>(request).rating * 2) / 2;
        const tsMs = await writeEvent(context, request, reply, { kind: 'RATED', ...pair, rating });
        return {
          is_implicit: false,
          movie_id: pair.movieId,
          rating,
          ts: writeTime(context, tsMs),
          user_id: pair.userId,
        };
      },
    },
    {
      method: 'DELETE',
      url: '/user/:user_id/rating',
      schema: {
        summary: 'Takes a rating back',
        tags,
        params: userParams,
        querystring: FILM_IN_QUERY,
        headers: writeHeaders,
        body: FILM_IN_BODY,
        response: written(object({ movie_id: ID, msg: { const: 'deleted', type: 'string' }, user_id: ID })),
      },
      async handle(request, reply) {
        const pair = pairOf(context, request);
        await writeEvent(context, request, reply, { kind: 'UNRATED', ...pair, rating: null });
        return { movie_id: pair.movieId, msg: 'deleted', user_id: pair.userId };
      },
    },
  ];
}

export function watchedRoutes(context: ApiContext): Route[] {
  // the original's key ends in a colon
  const watched = context.options.compat === 'movierec' ? 'watched:' : 'watched';
  const response = written(object({ movie_id: ID, user_id: ID, [watched]: { type: 'boolean' } }));
  const mark = (isWatched: boolean): Route['handle'] => {
    return async (request, reply) => {
      const pair = pairOf(context, request);
      const kind = isWatched ? 'WATCHED' : 'UNWATCHED';
      await writeEvent(context, request, reply, { kind, ...pair, rating: null });
      return { movie_id: pair.movieId, user_id: pair.userId, [watched]: isWatched };
    };
  };
  const shared = { tags: ['watched'], params: userParams, headers: writeHeaders, response };
  return [
    {
      method: 'PUT',
      url: '/user/:user_id/watched',
      schema: { ...shared, summary: 'Marks a film as watched', body: NAMED_FILM },
      handle: mark(true),
    },
    {
      method: 'DELETE',
      url: '/user/:user_id/watched',
      schema: {
        ...shared,
        summary: 'Takes the mark back',
        querystring: FILM_IN_QUERY,
        body: FILM_IN_BODY,
      },
      handle: mark(false),
    },
  ];
}
