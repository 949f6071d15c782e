import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { listAlerts } from './alerts.ts';
import { API_PREFIX, proxyToApi } from './api-proxy.ts';
import type { Boards } from './boards.ts';
import { Query } from './checks.ts';
import { refuseForeignPages } from './guard.ts';
import { annotations, type DataTools, panelData } from './panel-data.ts';
import { Problem } from './problem.ts';
import { connectPrometheus } from './prometheus.ts';
import { answerQuestion, type QuestionDesk } from './questions.ts';
import type { ReadOnlyClickHouse } from './read-table.ts';
import { type Runbook, runbookOf } from './runbooks.ts';
import { lookAtSources, type SourceUrls } from './sources.ts';
import type { StaticFile, StaticFiles } from './static-files.ts';
import { valuesOf, variableOf } from './variables.ts';

export interface ConsoleOptions extends SourceUrls {
  readonly version: string;
  /** of Prometheus: what `$__rate_interval` is made of */
  readonly scrapeSeconds: number;
}

export interface ConsolePorts {
  readonly boards: Boards;
  readonly runbooks: readonly Runbook[];
  readonly clickhouse: ReadOnlyClickHouse;
  readonly questions: QuestionDesk;
  readonly files: StaticFiles;
  readonly isOwnHost: (host: string | undefined) => boolean;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

export type Handle = (request: IncomingMessage, response: ServerResponse) => void;

type Answer = (query: Query) => Promise<unknown> | unknown;

/** The console's server: the page, the few things it asks, and the way to the REST API. Reads alone, but for that way. */
export function createConsole(options: ConsoleOptions, ports: ConsolePorts): Handle {
  const answers = answersOf(options, ports);
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    refuseForeignPages(request.headers, ports.isOwnHost);
    const { pathname, search, searchParams } = addressOf(request.url ?? '/');
    if (pathname.startsWith(API_PREFIX))
      return proxyToApi(options.recommenderUrl, pathname, search, request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new Problem(405, 'the console answers GET alone');
    const answer = answers[pathname];
    if (answer) return sendJson(response, 200, await answer(new Query(searchParams)));
    const file = ports.files(pathname);
    if (!file) throw new Problem(404, 'no such address');
    sendFile(request, response, file);
  };
  return (request, response) => {
    handle(request, response).catch((thrown: unknown) => {
      const problem = toProblem(thrown, ports.logger, request.url ?? '');
      if (problem.status === 503) response.setHeader('Retry-After', '5');
      sendJson(response, problem.status, problem.toJson(), 'application/problem+json');
    });
  };
}

function addressOf(url: string): URL {
  if (url.startsWith('/') && !url.startsWith('//') && URL.canParse(url, 'http://console'))
    return new URL(url, 'http://console');
  throw new Problem(400, 'the address is malformed');
}

function answersOf(options: ConsoleOptions, ports: ConsolePorts): Readonly<Record<string, Answer>> {
  const { boards, clickhouse, questions, runbooks } = ports;
  const prometheus = connectPrometheus(options.prometheusUrl);
  const nowSeconds = () => ports.nowMs() / 1_000;
  const { scrapeSeconds } = options;
  const tools: DataTools = { boards, prometheus, clickhouse, scrapeSeconds, nowSeconds };
  const none = (query: Query) => query.refuseOthers([]);
  return {
    '/console/state': async (query) => {
      none(query);
      const named = boards.all.map(({ uid, title, description }) => ({ uid, title, description }));
      return {
        version: options.version,
        dashboards: named,
        sources: await lookAtSources(options, clickhouse),
      };
    },
    '/console/dashboard': (query) => {
      query.refuseOthers(['uid']);
      return boards.board(query.required('uid'));
    },
    '/console/data': (query) => panelData(query, tools),
    '/console/annotations': (query) => annotations(query, tools),
    '/console/variable': (query) => {
      query.refuseOthers(['dashboard', 'name', 'from', 'to']);
      const variable = variableOf(boards.board(query.required('dashboard')), query.required('name'));
      return valuesOf(variable, query.range(nowSeconds()), prometheus);
    },
    '/console/alerts': (query) => {
      none(query);
      return listAlerts(options.alertmanagerUrl, prometheus, runbooks);
    },
    '/console/runbook': (query) => {
      query.refuseOthers(['alert']);
      return runbookOf(runbooks, query.required('alert'));
    },
    '/console/questions': (query) => {
      none(query);
      return questions.forms;
    },
    '/console/answer': (query) => answerQuestion(query, questions),
  };
}

/** What a dependency says of itself is for the reader, what nobody expected is for the log. */
function toProblem(thrown: unknown, logger: Logger, url: string): Problem {
  if (thrown instanceof Problem) return thrown;
  const error: ReelstreamError = toReelstreamError(thrown);
  switch (error.code) {
    case 'usage':
      return new Problem(400, error.message);
    case 'unavailable':
    case 'timeout':
      return new Problem(503, error.message);
    case 'clickhouse':
      return new Problem(502, error.message);
    default:
      logger.error({ error: error.message, url: url.split('?', 1)[0] ?? '' }, 'a request failed');
      return new Problem(500, 'something unexpected went wrong; it has been logged');
  }
}

function sendFile(request: IncomingMessage, response: ServerResponse, { body, headers }: StaticFile): void {
  const isKnown = request.headers['if-none-match'] === headers.ETag;
  response.writeHead(isKnown ? 304 : 200, headers).end(isKnown || request.method === 'HEAD' ? '' : body);
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  contentType = 'application/json',
): void {
  if (response.headersSent) return void response.end();
  response
    .writeHead(status, {
      'Content-Type': contentType,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    })
    .end(`${JSON.stringify(body)}\n`);
}
