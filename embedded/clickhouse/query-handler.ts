import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type Answer, createAnswer } from './answer.ts';
import type { Engine, EngineResult, EngineSession } from './engine.ts';
import type { FifoPool } from './fifo.ts';
import { insertFromFile } from './insert.ts';
import { type BodyStart, readStart, writeBody } from './request-body.ts';
import { literal, quotedName, type RequestParameters, readParameters } from './request-parameters.ts';
import { ServerException, toServerException } from './server-exception.ts';
import { analyse, type InsertWithData, type Query } from './statement.ts';

export interface QueryHandlerOptions {
  readonly engine: Engine;
  readonly fifos: FifoPool;
  readonly scratchDir: string;
  readonly maxBodyBytes: number;
}

interface Job {
  readonly session: EngineSession;
  readonly answer: Answer;
  readonly parameters: RequestParameters;
}

/** Runs the statement of one request on a session of its own and answers it. Never rejects. */
export function createQueryHandler(options: QueryHandlerOptions) {
  const { engine } = options;
  return async function handleQuery(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
  ): Promise<void> {
    const queryId = url.searchParams.get('query_id') || randomUUID();
    const answer = createAnswer({
      response,
      version: engine.version,
      headers: {
        'X-ClickHouse-Query-Id': queryId,
        'X-ClickHouse-Timezone': engine.timezone,
        'X-ClickHouse-Server-Display-Name': 'reelstream',
      },
      encoding: null,
    });
    const session = engine.openSession();
    try {
      const parameters = readParameters(url.searchParams, request.headers);
      await prepare(session, parameters, queryId);
      await execute(options, { session, answer, parameters }, request);
    } catch (thrown) {
      await answer.fail(toServerException(thrown));
    } finally {
      session.close();
    }
  };
}

async function prepare(session: EngineSession, parameters: RequestParameters, queryId: string) {
  const settings = new Map<string, string>([['log_comment', queryId], ...parameters.settings]);
  const assignments = [...settings].map(([name, value]) => `${name} = ${literal(value)}`);
  const use = parameters.database ? `USE ${quotedName(parameters.database)}; ` : '';
  await session.run(`${use}SET ${assignments.join(', ')}`);
}

async function execute(options: QueryHandlerOptions, job: Job, request: IncomingMessage): Promise<void> {
  const prefix = job.parameters.query === '' ? '' : `${job.parameters.query}\n`;
  const body = await readStart(request);
  const start: BodyStart = { head: Buffer.concat([Buffer.from(prefix), body.head]), rest: body.rest };
  const text = start.head.toString('latin1');
  const statement = analyse(text);
  if (statement.kind === 'insert_data') return insert(options, job, statement, start);
  if (start.rest) throw new ServerException(62, 'SYNTAX_ERROR', 'Max query size exceeded');
  if (statement.kind === 'query') return select(options, job, statement, text);
  const result = await job.session.run(utf8(text), job.parameters.defaultFormat);
  await job.answer.write(result.bytes);
  await finish(job.answer, result);
}

async function insert(options: QueryHandlerOptions, job: Job, statement: InsertWithData, start: BodyStart) {
  const path = join(options.scratchDir, `body-${randomUUID()}`);
  try {
    await writeBody(start, statement.dataStart, path, options.maxBodyBytes);
    const result = await job.session.run(utf8(insertFromFile(statement, path, null)));
    await finish(job.answer, result);
  } finally {
    await rm(path, { force: true });
  }
}

async function select(options: QueryHandlerOptions, job: Job, query: Query, text: string) {
  const { answer, session, parameters } = job;
  const fifo = options.fifos.take();
  const format = query.format ?? parameters.defaultFormat;
  const output = ` INTO OUTFILE ${literal(fifo.path)} APPEND ${query.format ? '' : `FORMAT ${format} `}`;
  const sql = utf8(text.slice(0, query.outputAt) + output + text.slice(query.outputAt));
  const running = session.run(sql, format);
  running.catch(() => undefined).finally(() => fifo.finishWriting());
  answer.setFormat(format);
  try {
    for await (const chunk of fifo.readable) await answer.write(chunk as Buffer);
    await finish(answer, await running);
  } finally {
    await running.catch(() => undefined);
    options.fifos.release(fifo);
  }
}

function finish(answer: Answer, { readRows, readBytes, elapsedMs }: EngineResult): Promise<void> {
  return answer.end({ readRows, readBytes, elapsedMs, resultBytes: answer.bytes });
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
