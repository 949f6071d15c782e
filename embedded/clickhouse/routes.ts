import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ServerStatus } from './server-options.ts';

export interface RouteOptions {
  readonly handleQuery: (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;
  readonly status: () => ServerStatus;
  readonly exposeMetrics: (() => Promise<{ contentType: string; body: string }>) | undefined;
}

const TEXT = 'text/plain; charset=UTF-8';
const NO_SUCH_PATH = 'Use / or /ping for health checks, /metrics, /reelstream/status, and / with a query.\n';

/** Paths of a ClickHouse server, and what this one says about itself. */
export function createRoutes(options: RouteOptions): RequestListener {
  return (request, response) => {
    route(options, request, response).catch(() => response.destroy());
  };
}

async function route(
  options: RouteOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const target = request.url ?? '/';
  const address = `http://localhost${target.startsWith('/') ? target : '/'}`;
  if (!URL.canParse(address)) return reply(response, 400, TEXT, 'The address cannot be read.\n');
  const url = new URL(address);
  if (!['GET', 'HEAD', 'POST'].includes(request.method ?? '')) {
    response.setHeader('Allow', 'GET, HEAD, POST');
    return reply(response, 405, TEXT, `The method ${request.method} is not supported.\n`);
  }
  switch (url.pathname) {
    case '/ping':
    case '/replicas_status':
      return health(options, response);
    case '/':
      if (request.method !== 'POST' && !url.searchParams.has('query')) return health(options, response);
      return options.handleQuery(request, response, url);
    case '/metrics': {
      if (!options.exposeMetrics) break;
      const { contentType, body } = await options.exposeMetrics();
      return reply(response, 200, contentType, body);
    }
    case '/reelstream/status':
      return reply(response, 200, 'application/json', `${JSON.stringify(options.status())}\n`);
  }
  reply(response, 404, TEXT, `There is no handle ${url.pathname}\n\n${NO_SUCH_PATH}`);
}

function health({ status }: RouteOptions, response: ServerResponse): void {
  if (status().stopping) reply(response, 503, TEXT, 'Stopping.\n');
  else reply(response, 200, TEXT, 'Ok.\n');
}

function reply(response: ServerResponse, statusCode: number, contentType: string, body: string): void {
  response.writeHead(statusCode, { 'Content-Type': contentType }).end(body);
}
