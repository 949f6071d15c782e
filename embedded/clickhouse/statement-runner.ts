import { createReadStream } from 'node:fs';
import type { Answer, Summary } from './answer.ts';
import { writeWithinBudget } from './answer-file.ts';
import type { EngineResult, EngineSession } from './engine.ts';
import type { FifoPool } from './fifo.ts';
import { insertFromFile, insertThroughInput, mayHoldExpressions } from './insert.ts';
import { translateKill } from './kill-query.ts';
import { refuseMachineFiles } from './machine-files.ts';
import { refuseProcessControl } from './process-control.ts';
import { type Access, requireReadOnly, requireSingleStatement } from './read-only.ts';
import type { StoredRows } from './received-statement.ts';
import type { RequestParameters } from './request-parameters.ts';
import type { RunningQueries, RunningQuery } from './running-queries.ts';
import type { Scratch } from './scratch.ts';
import { ServerException } from './server-exception.ts';
import { type ByteText, fromByteText, literal } from './sql-text.ts';
import type { InsertWithData, Query, Statement } from './statement.ts';

export interface StatementRun {
  readonly session: EngineSession;
  readonly access: Access;
  readonly statement: Statement;
  readonly text: ByteText;
  readonly rows: StoredRows | null;
  readonly parameters: RequestParameters;
  readonly answer: Answer;
  readonly query: RunningQuery;
}

export interface StatementRunner {
  /**
   * Runs the statement and writes its rows into the answer, without ending it.
   * @throws ServerException
   */
  run(run: StatementRun): Promise<Summary>;
}

export interface StatementRunnerOptions {
  readonly fifos: FifoPool;
  /** for answers that are wanted whole before their first byte; on disk, they may be large */
  readonly spill: Scratch;
  readonly running: RunningQueries;
}

const RELEASE_INTERVAL_MS = 100;

export function createStatementRunner(options: StatementRunnerOptions): StatementRunner {
  return {
    async run(run) {
      const { session, statement, text, access, rows, parameters, answer } = run;
      await requireSingleStatement(session, withFormat(statement, text));
      if (access !== 'write') await requireReadOnly(session, text, access);
      refuseMachineFiles(text, statement);
      if (statement.kind === 'query') {
        answer.setFormat(statement.format ?? parameters.defaultFormat);
        return parameters.waitEndOfQuery ? whole(options, run, statement) : streamed(options, run, statement);
      }
      if (statement.kind === 'insert_data') return insertRows(session, statement, rows);
      if (statement.keyword === 'INSERT') return session.write(fromByteText(text));
      refuseProcessControl(text);
      if (statement.keyword === 'KILL') return kill(options, run);
      return buffered(run, text);
    },
  };
}

/** Without the rows; a text that ends before its FORMAT is no statement. */
function withFormat(statement: Statement, text: ByteText): ByteText {
  return statement.kind === 'insert_data' ? `${text} FORMAT ${statement.format}` : text;
}

async function insertRows(
  session: EngineSession,
  insert: InsertWithData,
  rows: StoredRows | null,
): Promise<EngineResult> {
  if (!rows) throw new Error('the rows of an INSERT are stored before it runs');
  try {
    const hasExpressions = await mayHoldExpressions(insert, rows);
    if (insert.input) return await insertThroughInput(session, insert, rows, hasExpressions);
    return await session.write(fromByteText(insertFromFile(insert, rows, hasExpressions)));
  } catch (thrown) {
    throw withoutPath(thrown, rows.file.path);
  }
}

/** Where the rows stand on this machine is nobody's business, and nothing the sender could use. */
function withoutPath(thrown: unknown, path: string): unknown {
  if (!(thrown instanceof ServerException)) return thrown;
  const message = thrown.message.replaceAll(path, 'the request body');
  return new ServerException(thrown.code, thrown.exceptionName, message);
}

/** Statements other than queries answer little or nothing. */
async function buffered({ session, parameters, answer }: StatementRun, text: ByteText): Promise<Summary> {
  answer.setFormat(parameters.defaultFormat);
  const result = await session.run(fromByteText(text), parameters.defaultFormat);
  await answer.write(result.bytes);
  return result;
}

/** KILL … SYNC waits for its victims, and a victim may wait for a reader that has stopped reading. */
async function kill({ running }: StatementRunnerOptions, run: StatementRun): Promise<Summary> {
  const release = () => running.releaseKilled().catch(() => undefined);
  const timer = setInterval(() => void release(), RELEASE_INTERVAL_MS);
  try {
    return await buffered(run, translateKill(run.text));
  } finally {
    clearInterval(timer);
    await release();
  }
}

/** APPEND, because the file is there already: it is a named pipe. */
function intoFile({ text, parameters }: StatementRun, query: Query, path: string): string {
  const format = query.format === null ? `FORMAT ${parameters.defaultFormat} ` : '';
  const output = ` INTO OUTFILE ${literal(path)} APPEND ${format}`;
  return fromByteText(text.slice(0, query.outputAt) + output + text.slice(query.outputAt));
}

/**
 * Bytes as the engine makes them, in any format, with bounded memory: the engine writes a named pipe, and waits while
 * the client does not read. Its own result stream would give one document per block.
 */
async function streamed(
  { fifos, running }: StatementRunnerOptions,
  run: StatementRun,
  statement: Query,
): Promise<Summary> {
  const { session, answer, query } = run;
  const fifo = fifos.take();
  const execution = session.run(intoFile(run, statement, fifo.path));
  execution.catch(() => undefined).finally(() => fifo.finishWriting());
  try {
    for await (const chunk of fifo.readable) {
      // read on to the end in any case: an engine thread whose pipe is not read stays in its write for ever
      if (!query.cancelled.aborted) await orCancelled(answer.write(chunk as Buffer), query.cancelled);
      if (!answer.isWanted) running.cancel(query);
    }
    const result = await execution;
    if (query.cancelled.aborted) throw new ServerException(394, 'QUERY_WAS_CANCELLED', 'Query was cancelled');
    // a statement that takes INTO OUTFILE without heeding it
    await answer.write(result.bytes);
    return result;
  } finally {
    await execution.catch(() => undefined);
    fifos.release(fifo);
  }
}

function orCancelled(work: Promise<void>, cancelled: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancelled.removeEventListener('abort', done);
      resolve();
    };
    cancelled.addEventListener('abort', done, { once: true });
    void work.then(done);
  });
}

/** `wait_end_of_query=1`: the answer is stored first, so that every error has its status and the summary is whole. */
async function whole(
  { spill, running }: StatementRunnerOptions,
  run: StatementRun,
  statement: Query,
): Promise<Summary> {
  const file = spill.newFile('answer');
  try {
    const result = await writeWithinBudget(
      file,
      spill,
      () => run.session.run(intoFile(run, statement, file.path)),
      () => running.cancel(run.query),
    );
    run.answer.setSummary(result);
    for await (const chunk of createReadStream(file.path)) await run.answer.write(chunk as Buffer);
    return result;
  } finally {
    await file.remove();
  }
}
