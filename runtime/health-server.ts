import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../core/clock.ts';
import { ReelstreamError, toReelstreamError } from '../core/errors.ts';
import type { MetricsRegistry } from './metrics.ts';
import { isLoopback, isOwnHost } from './own-host.ts';
import { createScrapes, type Scrapes } from './scrapes.ts';

export interface HealthOptions {
  /** an address of this machine alone answers only to names of this machine */
  readonly host: string;
  /** 0 takes a free one */
  readonly port: number;
  readonly metrics: MetricsRegistry;
  /** false when the process is stuck and should be restarted */
  readonly alive: () => boolean;
  /** empty when ready, else why not */
  readonly notReady: () => readonly string[] | Promise<readonly string[]>;
  /** `GET /status`: figures for people and tests */
  readonly status?: () => object;
  /** `PUT` on these paths, with the JSON of the body; what it throws as `usage` is answered with 400 */
  readonly controls?: Readonly<Record<string, Control>>;
  /** takes every request on other paths; null while there is nobody to take it, which is answered with 503 */
  readonly others?: () => RequestHandler | null;
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

const OWN_PATHS = ['/metrics', '/healthz', '/readyz', '/status'];

export type Control = (body: unknown) => object;

/** Prometheus alone sends it. */
const SCRAPE_HEADER = 'x-prometheus-scrape-timeout-seconds';

/** A control takes a few words; more is a mistake. */
const MAX_BODY_BYTES = 10_000;

export interface HealthServer {
  readonly port: number;
  /** by Prometheus, so far */
  readonly scrapes: Scrapes;
  close(): Promise<void>;
}

/** `/metrics`, `/healthz`, `/readyz` and `/status` of one service. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const scrapes = createScrapes(systemClock);
  const server = createServer((request, response) => {
    answer(options, scrapes, request, response).catch((error: unknown) => {
      reply(response, 500, { error: toReelstreamError(error).message });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${options.host}:${options.port}`;
      reject(
        error.code === 'EADDRINUSE'
          ? new ReelstreamError(
              'settings',
              `${where} is taken by another process; choose another metrics port`,
            )
          : error,
      );
    });
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    scrapes,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  options: HealthOptions,
  scrapes: Scrapes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const pathname = (request.url ?? '/').split('?', 1)[0]!;
  if (isLoopback(options.host) && !isOwnHost(request.headers.host)) {
    return replyProblem(response, 421, 'Misdirected Request', 'this server is not known by that host name');
  }
  if (options.others && !OWN_PATHS.includes(pathname)) {
    const handle = options.others();
    if (handle) return handle(request, response);
    response.setHeader('Retry-After', '1');
    return replyProblem(response, 503, 'Service Unavailable', 'starting; try again');
  }
  const control = request.method === 'PUT' ? options.controls?.[pathname] : undefined;
  if (control) return answerControl(control, request, response);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return reply(response, 405, { error: 'GET only' });
  switch (pathname) {
    case '/metrics': {
      // an empty answer would be a target that is up and well
      if (options.metrics.switchedOff) return reply(response, 404, { error: 'figures are switched off' });
      if (request.headers[SCRAPE_HEADER] !== undefined) response.once('finish', scrapes.begin());
      const { contentType, body } = await options.metrics.expose();
      response.writeHead(200, { 'Content-Type': contentType }).end(body);
      return;
    }
    case '/healthz': {
      const alive = options.alive();
      return reply(response, alive ? 200 : 503, { alive });
    }
    case '/readyz': {
      const reasons = await options.notReady();
      return reply(response, reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons });
    }
    case '/status':
      return reply(response, 200, options.status?.() ?? {});
    default:
      return reply(response, 404, { error: 'not found; try /metrics, /healthz, /readyz, /status' });
  }
}

async function answerControl(
  control: Control,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // a page in somebody's browser may send a simple request here, never one of this type
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    return reply(response, 415, { error: 'send Content-Type: application/json' });
  }
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > MAX_BODY_BYTES) return reply(response, 413, { error: 'the body is too long' });
  }
  try {
    reply(response, 200, control(JSON.parse(text)));
  } catch (thrown) {
    const error = toReelstreamError(thrown);
    if (!(thrown instanceof SyntaxError) && error.code !== 'usage') throw thrown;
    reply(response, 400, { error: error.message });
  }
}

/** RFC 9457, as whoever answers on the other paths has it. */
function replyProblem(response: ServerResponse, status: number, title: string, detail: string): void {
  reply(response, status, { type: 'about:blank', title, status, detail }, 'application/problem+json');
}

function reply(
  response: ServerResponse,
  status: number,
  body: object,
  contentType = 'application/json',
): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { 'Content-Type': contentType }).end(`${JSON.stringify(body)}\n`);
}
