import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import type { Admission, Lane } from './admission.ts';
import { type Answer, createAnswer, type Summary } from './answer.ts';
import { refuseForeignPages } from './browser-guard.ts';
import { answerEncoding } from './encodings.ts';
import type { Engine } from './engine.ts';
import { refuseMachineFileParameters } from './machine-files.ts';
import { isForm, readForm } from './multipart.ts';
import type { NamedSessions } from './named-sessions.ts';
import { refuseOutsideParameters } from './outside-access.ts';
import { type Access, requireReadStatement } from './read-only.ts';
import {
  type ReceivedStatement,
  receiveStatement,
  type StoredRows,
  type Unpack,
} from './received-statement.ts';
import { tooLarge } from './request-body.ts';
import { LOGGED_TEXT_CHARS, outcomeOf, type RequestRecord, statementKindOf } from './request-log.ts';
import { type RequestParameters, readParameters } from './request-parameters.ts';
import type { RunningQueries, RunningQuery } from './running-queries.ts';
import type { Scratch } from './scratch.ts';
import { type ServerException, toServerException } from './server-exception.ts';
import { withSession } from './session-settings.ts';
import { fromByteText } from './sql-text.ts';
import type { StatementRunner } from './statement-runner.ts';
import { authenticate, type User } from './users.ts';

export interface QueryHandlerOptions {
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly sessions: NamedSessions;
  readonly running: RunningQueries;
  readonly admission: Admission;
  readonly runner: StatementRunner;
  readonly clock: Clock;
  readonly users: readonly User[];
  readonly allowedHosts: readonly string[];
  readonly displayName: string;
  readonly maxBodyBytes: number;
  readonly sendTimeoutMs: number;
  /** @throws ServerException while the server stops */
  readonly requireOpen: () => void;
  readonly report: (record: RequestRecord) => void;
}

interface Job {
  readonly queryId: string;
  readonly user: User;
  readonly access: Access;
  readonly parameters: RequestParameters;
  readonly received: ReceivedStatement;
  readonly answer: Answer;
  readonly response: ServerResponse;
  /** Content-Length; 0 when there is none */
  readonly declaredBytes: number;
}

type HandleQuery = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

/** From request to answer: who, what, where the rows are, a place, a session, the statement. Never rejects. */
export function createQueryHandler(options: QueryHandlerOptions): HandleQuery {
  const { engine, clock } = options;
  return async (request, response, url) => {
    const startedMs = clock.monotonicMs();
    const queryId =
      url.searchParams.get('query_id') || String(request.headers['x-clickhouse-query-id'] || randomUUID());
    const answer = createAnswer({
      request,
      response,
      version: engine.version,
      headers: {
        // an id may be any text, a header may not
        'X-ClickHouse-Query-Id': queryId.replace(/[^\x20-\x7e]/g, '?'),
        'X-ClickHouse-Timezone': engine.timezone,
        'X-ClickHouse-Server-Display-Name': options.displayName,
      },
      sendTimeoutMs: options.sendTimeoutMs,
    });
    const figures = { user: '', text: '', kind: 'other' as RequestRecord['kind'], bodyBytes: 0 };
    let summary: Summary | null = null;
    let exception: ServerException | null = null;
    let received: ReceivedStatement | null = null;
    try {
      const { user, parameters } = await identify(options, request, url);
      figures.user = user.name;
      answer.encodeWith(answerEncoding(request.headers['accept-encoding'], parameters));
      const unpack = unpackerOf(options, { queryId, user }, response);
      received = await receiveStatement(request, parameters, { ...options, unpack });
      figures.text = fromByteText(received.text.slice(0, LOGGED_TEXT_CHARS)).trim();
      figures.kind = statementKindOf(received.statement);
      const access = accessOf(user, request.method, parameters);
      const declaredBytes = Number(request.headers['content-length'] ?? 0);
      const job: Job = { queryId, user, access, parameters, received, answer, response, declaredBytes };
      summary = await perform(options, job, (bytes) => {
        figures.bodyBytes = bytes;
      });
    } catch (thrown) {
      exception = toServerException(thrown);
    }
    await received?.release();
    if (summary) await answer.end(summary);
    else if (exception) await answer.fail(exception);
    options.report({
      queryId,
      ...figures,
      outcome: outcomeOf(exception),
      code: exception?.code ?? 0,
      elapsedMs: Math.round(clock.monotonicMs() - startedMs),
      readRows: summary?.readRows ?? 0,
      writtenRows: summary?.writtenRows ?? 0,
      answerBytes: answer.bytes,
    });
  };
}

/** Nothing of the body is read before the sender is known. */
async function identify(options: QueryHandlerOptions, request: IncomingMessage, url: URL) {
  options.requireOpen();
  refuseForeignPages(request.headers, options.allowedHosts);
  const user = authenticate(options.users, request.headers, url.searchParams);
  if (isForm(request)) {
    for (const [name, value] of await readForm(request)) url.searchParams.append(name, value);
  }
  return { user, parameters: readParameters(url.searchParams, request.headers) };
}

/** `readonly` of the engine lets SYSTEM and KILL through; whoever asks for it means it. */
function accessOf(user: User, method: string | undefined, { settings }: RequestParameters): Access {
  if (user.isReadOnly) return 'read_user';
  if ((settings.get('readonly') ?? '0') !== '0') return 'read_setting';
  return method === 'POST' ? 'write' : 'read_method';
}

function laneOf({ statement }: ReceivedStatement): Lane {
  if (statement.kind === 'query') return 'read';
  return statement.kind === 'command' && statement.keyword === 'KILL' ? 'kill' : 'write';
}

/** A slow sender holds no place: rows are stored first, then the statement gets its place and its session. */
async function perform(
  options: QueryHandlerOptions,
  job: Job,
  onStored: (bytes: number) => void,
): Promise<Summary> {
  const lane = laneOf(job.received);
  requireReadStatement(job.received.statement, job.access);
  if (job.access !== 'write') refuseOutsideParameters(job.received.text, job.parameters.settings);
  refuseMachineFileParameters(job.parameters.settings);
  let rows: StoredRows | null = null;
  try {
    if (job.received.statement.kind === 'insert_data') {
      // both are known before a byte of the rows is read
      options.admission.requireRoom();
      if (job.declaredBytes > options.maxBodyBytes) throw tooLarge(options.maxBodyBytes);
      rows = await job.received.storeRows();
      onStored(rows.bytes);
    }
    const leave = await options.admission.enter(lane);
    try {
      options.requireOpen();
      return await runInSession(options, job, rows);
    } finally {
      leave();
    }
  } finally {
    await rows?.file.remove();
  }
}

async function runInSession(
  options: QueryHandlerOptions,
  job: Job,
  rows: StoredRows | null,
): Promise<Summary> {
  const { runner } = options;
  const { queryId, user, access, parameters, received, answer, response } = job;
  const { statement, text } = received;
  const keyword = statement.kind === 'insert_data' ? 'INSERT' : statement.keyword;
  // an INSERT that began is never cut short by a lost connection: whoever sent it has to ask what became of it
  const abandoned = statement.kind === 'query' ? response : null;
  return registered(options.running, { queryId, user: user.name, keyword }, abandoned, (query) => {
    const place = { sessions: options.sessions, engine: options.engine, user, access, parameters };
    return withSession({ ...place, queryId, marker: query.marker, keyword, text }, (session) =>
      runner.run({ session, access, statement, text, rows, parameters, answer, query }),
    );
  });
}

/** Unpacking in the engine is work like any other: it takes a place, and KILL, a lost connection and a stop reach it. */
function unpackerOf(
  { admission, running, requireOpen }: QueryHandlerOptions,
  { queryId, user }: { readonly queryId: string; readonly user: User },
  response: ServerResponse,
): Unpack {
  return async (work) => {
    const leave = await admission.enter('read');
    try {
      requireOpen();
      const query = { queryId, user: user.name, keyword: 'UNPACK' };
      await registered(running, query, response, work);
    } finally {
      leave();
    }
  };
}

/** Known to `running` while it works; cancelled when the response that wants it closes. */
async function registered<T>(
  running: RunningQueries,
  description: { readonly queryId: string; readonly user: string; readonly keyword: string },
  response: ServerResponse | null,
  work: (query: RunningQuery) => Promise<T>,
): Promise<T> {
  const query = running.start(description);
  const onClose = () => {
    if (!response?.writableFinished) running.cancel(query);
  };
  response?.once('close', onClose);
  try {
    if (response?.closed) onClose();
    return await work(query);
  } finally {
    response?.off('close', onClose);
    running.finish(query);
  }
}
