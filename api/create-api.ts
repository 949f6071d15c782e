import type { IncomingMessage, ServerResponse } from 'node:http';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { allowOrigins, guard } from './http/access.ts';
import { createDrain } from './http/drain.ts';
import { createIdempotency } from './http/idempotency.ts';
import { readJsonBodies } from './http/json-body.ts';
import { measureRequests } from './http/measure.ts';
import { readNumbers } from './http/numbers.ts';
import { createPositionWait, sayAsOf } from './http/position.ts';
import { createErrorHandler, Problem, stillLearning } from './http/problem.ts';
import type { ApiContext, ApiOptions, ApiPorts } from './options.ts';
import type { Route } from './route.ts';
import { historyRoutes } from './routes/history.ts';
import { movieRoutes } from './routes/movies.ts';
import { ratingRoutes, watchedRoutes } from './routes/opinions.ts';
import { recommendationRoutes } from './routes/recommendations.ts';
import { userRoutes } from './routes/users.ts';

export interface Api {
  /** answers one request of a server that somebody else owns */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** answers without a socket */
  readonly inject: FastifyInstance['inject'];
  /** lets what is in hand finish, for at most so long; later requests are answered with 503 */
  close(timeoutMs: number): Promise<void>;
}

const PREFIX = '/api/v1';

/** The REST surface over the live model: /api/v1, /openapi.json and /docs. */
export async function createApi(options: ApiOptions, ports: ApiPorts): Promise<Api> {
  const context: ApiContext = { options, ports };
  const handleError = createErrorHandler(ports.logger);
  const app = Fastify({
    logger: false,
    bodyLimit: options.maxBodyBytes,
    routerOptions: { ignoreTrailingSlash: true },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allowUnionTypes: true } },
    frameworkErrors: handleError,
  });
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(() => {
    throw new Problem(404, 'no such address; see /docs');
  });
  const drain = createDrain(app, ports.clock);
  measureRequests(app, ports);
  readJsonBodies(app);
  await allowOrigins(app, options.corsOrigins);
  await describe(app, options);
  servePages(app, ports);
  await app.register((scope) => serve(scope, context), { prefix: PREFIX });
  await app.ready();
  return {
    handle: (request, response) => app.routing(request, response),
    inject: app.inject.bind(app) as FastifyInstance['inject'],
    async close(timeoutMs) {
      await drain(timeoutMs);
      await app.close();
    },
  };
}

async function serve(scope: FastifyInstance, context: ApiContext): Promise<void> {
  const { model, clock } = context.ports;
  await guard(scope, context.options);
  scope.addHook('onRequest', async ({ method }) => {
    const readiness = model.readiness();
    const isRead = method === 'GET' || method === 'HEAD';
    if (readiness === 'no' || (readiness === 'behind' && !isRead)) throw stillLearning();
  });
  scope.addHook('preValidation', readNumbers);
  scope.addHook('preHandler', createPositionWait(model, clock));
  scope.addHook('onSend', async (_request, reply) => sayAsOf(model, reply));
  const idempotent = createIdempotency();
  for (const route of routesOf(context)) {
    const { method, url, schema } = route;
    const handle = (...call: Parameters<Route['handle']>) => route.handle(...call);
    scope.route({ method, url, schema, handler: method === 'GET' ? handle : idempotent(handle) });
  }
}

function routesOf(context: ApiContext): Route[] {
  return [
    ...userRoutes(context),
    ...ratingRoutes(context),
    ...watchedRoutes(context),
    ...historyRoutes(context),
    ...recommendationRoutes(context),
    ...movieRoutes(context),
  ];
}

/** A small page for people over the calls that sites make; whoever needs a key for those is asked for it there. */
function servePages(app: FastifyInstance, { page }: ApiPorts): void {
  const servePage = async (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0]!;
    const found = page(path === '/ui' ? '/ui/' : path);
    if (!found) throw new Problem(404, 'no such page; see /ui/');
    if (request.headers['if-none-match'] === found.headers.ETag) return reply.code(304).send();
    return reply.headers(found.headers).send(found.body);
  };
  for (const url of ['/ui', '/ui/*']) app.get(url, { schema: { hide: true } }, servePage);
}

/** The page and its document come from the schemas that validate. */
async function describe(app: FastifyInstance, options: ApiOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Reelstream',
        version: options.version,
        description: 'Ratings in, recommendations out, within a second. Errors are RFC 9457 problems.',
      },
      ...(options.apiKey === ''
        ? {}
        : {
            components: { securitySchemes: { key: { type: 'http' as const, scheme: 'bearer' } } },
            security: [{ key: [] }],
          }),
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
