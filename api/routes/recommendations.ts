import { isUnchanged } from '../http/conditional.ts';
import { Problem } from '../http/problem.ts';
import { requireFilm, requireUser } from '../known.ts';
import type { ApiContext } from '../options.ts';
import { paramsOf, queryOf, type Route } from '../route.ts';
import {
  ID,
  limitOf,
  listOf,
  MODEL,
  MOVIE,
  object,
  query,
  read,
  readHeaders,
  userParams,
} from '../schemas.ts';
import { modelBody, movieBody, rounded } from '../views.ts';

const MAX_PREDICTIONS = 100;
const STARS = { type: 'number', minimum: 0, maximum: 5 };
const TAGS = ['recommendations'];

interface UserParams {
  readonly user_id: number;
}

export function recommendationRoutes(context: ApiContext): Route[] {
  return [recommendations(context), predictions(context)];
}

function recommendations(context: ApiContext): Route {
  const { model, metrics } = context.ports;
  const { properties } = MOVIE as { properties: Record<string, unknown> };
  return {
    method: 'GET',
    url: '/user/:user_id/recommendations',
    schema: {
      summary: 'Films for a user, best first; never one that was rated or watched',
      tags: TAGS,
      params: userParams,
      querystring: query({ limit: limitOf(context.options.topN) }),
      headers: readHeaders,
      response: read(
        object({
          user_id: ID,
          recommendations: listOf(
            object({
              ...properties,
              score: { type: 'number', description: 'comparable within one answer and one source alone' },
              predicted_rating: STARS,
              source: { enum: ['personal', 'cold'], type: 'string' },
              because: listOf(object({ movie_id: ID, title: { type: ['string', 'null'] } })),
            }),
          ),
          model: MODEL,
        }),
      ),
    },
    async handle(request, reply) {
      const userId = paramsOf<UserParams>(request).user_id;
      requireUser(context.ports, userId);
      if (isUnchanged(context, request, reply)) return reply;
      const found = model.reader.recommend(userId, queryOf<{ limit: number }>(request).limit);
      metrics.add('api_recommendations_total', { source: found[0]?.source ?? 'empty' });
      return {
        user_id: userId,
        recommendations: found.map(({ movieId, score, predictedRating, source, because }) => ({
          ...movieBody(context, movieId),
          score: rounded(score),
          predicted_rating: rounded(predictedRating),
          source,
          because: because.map((id) => ({ movie_id: id, title: movieBody(context, id).title })),
        })),
        model: modelBody(context),
      };
    },
  };
}

function predictions(context: ApiContext): Route {
  const { reader } = context.ports.model;
  return {
    method: 'GET',
    url: '/user/:user_id/predictions',
    schema: {
      summary: 'What a user would give these films',
      tags: TAGS,
      params: userParams,
      querystring: {
        ...query({
          movie_ids: {
            type: 'string',
            pattern: `^[1-9]\\d{0,9}(,[1-9]\\d{0,9}){0,${MAX_PREDICTIONS - 1}}$`,
            description: `ids separated by commas, at most ${MAX_PREDICTIONS}`,
          },
        }),
        required: ['movie_ids'],
      },
      headers: readHeaders,
      response: read(
        object({
          user_id: ID,
          predictions: listOf(
            object({
              movie_id: ID,
              predicted_rating: STARS,
              rating: {
                type: ['number', 'null'],
                description: 'what the user did give; null for nothing yet',
              },
            }),
          ),
          model: MODEL,
        }),
      ),
    },
    async handle(request, reply) {
      const userId = paramsOf<UserParams>(request).user_id;
      requireUser(context.ports, userId);
      const movieIds = queryOf<{ movie_ids: string }>(request).movie_ids.split(',').map(Number);
      for (const movieId of movieIds) {
        if (movieId > ID.maximum) throw new Problem(400, `movie_ids must be <= ${ID.maximum}`, 'movie_ids');
        requireFilm(context.ports, movieId, 'movie_ids');
      }
      if (isUnchanged(context, request, reply)) return reply;
      return {
        user_id: userId,
        predictions: movieIds.map((movieId) => ({
          movie_id: movieId,
          predicted_rating: rounded(reader.predict(userId, movieId, reader.latestMs())),
          rating: reader.opinion(userId, movieId)?.rating ?? null,
        })),
        model: modelBody(context),
      };
    },
  };
}
