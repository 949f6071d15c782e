import type { FastifyInstance } from 'fastify';
import type { ApiPorts } from '../options.ts';

/** The metrics that the API exports besides the learner's. */
export const API_METRIC_NAMES = [
  'api_requests_total',
  'api_request_duration_seconds',
  'api_recommendations_total',
] as const;

const USER = '/api/v1/user/:user_id';

/** Templates below /api/v1; the page, its files and what does not exist share one more label. */
export const API_ROUTES = [
  '/api/v1/user',
  USER,
  `${USER}/rating`,
  `${USER}/watched`,
  `${USER}/ratings/top`,
  `${USER}/ratings/latest`,
  `${USER}/recommendations`,
  `${USER}/predictions`,
  '/api/v1/movie/:movie_id',
  '/api/v1/movie/:movie_id/similar',
  '/api/v1/movies/top',
] as const;

const OTHER = 'other';
const METHODS: Readonly<Record<string, string>> = { GET: 'GET', HEAD: 'GET', PUT: 'PUT', DELETE: 'DELETE' };

/** Values whose series exist from the start: rules see the first error only where there was a zero before. */
export const API_LABELS = {
  route: [...API_ROUTES, OTHER],
  method: ['GET', 'PUT', 'DELETE'],
  code: ['200', '400', '404', '500', '503'],
} as const;

/** Counts what is answered. Neither paths nor methods that callers make up become series. */
export function measureRequests(app: FastifyInstance, { metrics }: ApiPorts): void {
  app.addHook('onResponse', async (request, reply) => {
    const template = request.routeOptions.url ?? '';
    const labels = {
      route: API_ROUTES.find((one) => one === template) ?? OTHER,
      method: METHODS[request.method] ?? OTHER,
    };
    metrics.add('api_requests_total', { ...labels, code: String(reply.statusCode) });
    metrics.observe('api_request_duration_seconds', labels, reply.elapsedTime / 1_000);
  });
}
