import type { FastifyInstance } from 'fastify';
import type { ApiPorts } from '../options.ts';

/** The metrics that the API exports besides the learner's. */
export const API_METRIC_NAMES = [
  'api_requests_total',
  'api_request_duration_seconds',
  'api_recommendations_total',
] as const;

/** What has no route shares one label: paths that callers make up must not become series. */
const NO_ROUTE = 'none';

export function measureRequests(app: FastifyInstance, { metrics }: ApiPorts): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? NO_ROUTE;
    const { method } = request;
    metrics.add('api_requests_total', { route, method, code: reply.statusCode });
    metrics.observe('api_request_duration_seconds', { route, method }, reply.elapsedTime / 1_000);
  });
}
