import { unlessKnown } from '../http/conditional.ts';
import { requireUser } from '../known.ts';
import type { ApiContext } from '../options.ts';
import { pageFrom } from '../page.ts';
import { paramsOf, queryOf, type Route } from '../route.ts';
import { ID, listOf, MOVIE, object, pageOf, read, readHeaders, stars, TIME, userParams } from '../schemas.ts';
import { type RatedFilm, ratedFilm, ratingBody } from '../views.ts';

const STANDARD_LIMIT = 20;

const bestFirst = (a: RatedFilm, b: RatedFilm): number => b.stars - a.stars || b.tsMs - a.tsMs;
const newestFirst = (a: RatedFilm, b: RatedFilm): number => b.tsMs - a.tsMs || b.stars - a.stars;

export function historyRoutes(context: ApiContext): Route[] {
  const { options, ports } = context;
  const response = read(
    object({
      limit: { type: options.compat === 'movierec' ? 'string' : 'integer' },
      user_id: ID,
      ratings: listOf(
        object({ is_implicit: { type: 'boolean' }, movie: MOVIE, rating: stars(options), ts: TIME }),
      ),
    }),
  );
  const listed = (order: typeof bestFirst): Route['handle'] => {
    return async (request, reply) => {
      const userId = paramsOf<{ user_id: number }>(request).user_id;
      const { limit } = queryOf<{ limit: number }>(request);
      requireUser(ports, userId);
      const films = ports.model.reader.opinions(userId).map((opinion) => ratedFilm(context, opinion));
      const page = pageFrom(films.sort(order), request, reply);
      return unlessKnown(request, reply, {
        limit: options.compat === 'movierec' ? String(limit) : limit,
        user_id: userId,
        ratings: page.map((film) => ratingBody(context, film)),
      });
    };
  };
  const shared = {
    tags: ['ratings'],
    params: userParams,
    querystring: pageOf(STANDARD_LIMIT),
    headers: readHeaders,
    response,
  };
  return [
    {
      method: 'GET',
      url: '/user/:user_id/ratings/top',
      schema: { ...shared, summary: "A user's ratings, best first, newest first within a rating" },
      handle: listed(bestFirst),
    },
    {
      method: 'GET',
      url: '/user/:user_id/ratings/latest',
      schema: { ...shared, summary: "A user's ratings, newest first" },
      handle: listed(newestFirst),
    },
  ];
}
