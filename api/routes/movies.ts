import { isUnchanged, unlessKnown } from '../http/conditional.ts';
import { requireFilm } from '../known.ts';
import type { ApiContext } from '../options.ts';
import { pageFrom } from '../page.ts';
import { paramsOf, queryOf, type Route } from '../route.ts';
import {
  ID,
  limitOf,
  listOf,
  MODEL,
  MOVIE,
  movieParams,
  object,
  pageOf,
  query,
  read,
  readHeaders,
} from '../schemas.ts';
import { createTopMovies } from '../top-movies.ts';
import { averageOf, modelBody, movieBody, rounded } from '../views.ts';

const TAGS = ['movies'];
const STANDARD_LIMIT = 100;

interface MovieParams {
  readonly movie_id: number;
}

export function movieRoutes(context: ApiContext): Route[] {
  return [movie(context), topMovies(context), similarMovies(context)];
}

function movie(context: ApiContext): Route {
  return {
    method: 'GET',
    url: '/movie/:movie_id',
    schema: {
      summary: 'A film',
      tags: TAGS,
      params: movieParams,
      headers: readHeaders,
      response: read(MOVIE),
    },
    async handle(request, reply) {
      const movieId = paramsOf<MovieParams>(request).movie_id;
      requireFilm(context.ports, movieId);
      return unlessKnown(request, reply, movieBody(context, movieId));
    },
  };
}

function topMovies(context: ApiContext): Route {
  const { reader } = context.ports.model;
  const top = createTopMovies(context);
  return {
    method: 'GET',
    url: '/movies/top',
    schema: {
      summary: 'The films that most people rated or watched, then by average',
      tags: TAGS,
      querystring: pageOf(STANDARD_LIMIT),
      headers: readHeaders,
      response: read(
        object({
          top_movies: listOf(
            object({
              avg_rating: {
                type: ['number', 'null'],
                description: `of explicit ratings; null below ${context.options.ratingsForAverage} of them`,
              },
              movie: MOVIE,
              votes: { type: 'integer', description: 'users who rated or watched it' },
            }),
          ),
        }),
      ),
    },
    async handle(request, reply) {
      return unlessKnown(request, reply, {
        top_movies: pageFrom(top(), request, reply).map((movieId) => ({
          avg_rating: averageOf(context, movieId),
          movie: movieBody(context, movieId),
          votes: reader.filmStatistics(movieId).users,
        })),
      });
    },
  };
}

function similarMovies(context: ApiContext): Route {
  const { properties } = MOVIE as { properties: Record<string, unknown> };
  return {
    method: 'GET',
    url: '/movie/:movie_id/similar',
    schema: {
      summary: 'Films that the same people rated or watched around the same time',
      tags: TAGS,
      params: movieParams,
      querystring: query({ limit: limitOf(context.options.topN) }),
      headers: readHeaders,
      response: read(
        object({
          movie_id: ID,
          similar: listOf(object({ ...properties, score: { type: 'number' } })),
          model: MODEL,
        }),
      ),
    },
    async handle(request, reply) {
      const movieId = paramsOf<MovieParams>(request).movie_id;
      requireFilm(context.ports, movieId);
      if (isUnchanged(context, request, reply)) return reply;
      const found = context.ports.model.reader.similar(movieId, queryOf<{ limit: number }>(request).limit);
      return {
        movie_id: movieId,
        similar: found.map((one) => ({ ...movieBody(context, one.movieId), score: rounded(one.score) })),
        model: modelBody(context),
      };
    },
  };
}
