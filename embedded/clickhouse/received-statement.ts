import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createDecoder, type EngineCompression, requestCompression } from './encodings.ts';
import type { Engine } from './engine.ts';
import { OUTER_ID_SETTINGS } from './kill-query.ts';
import {
  type BodySource,
  bodyOf,
  decodedBodyOf,
  readHead,
  sourceOf,
  tooLarge,
  writeBody,
} from './request-body.ts';
import type { RequestParameters } from './request-parameters.ts';
import { MARKER_SETTING, type RunningQuery } from './running-queries.ts';
import type { Scratch, ScratchFile } from './scratch.ts';
import { ServerException } from './server-exception.ts';
import { type ByteText, literal, toByteText } from './sql-text.ts';
import { analyse, type Statement } from './statement.ts';
import { requireWholeFrames } from './whole-frames.ts';

/** Rows of an INSERT, whole, in a file. */
export interface StoredRows {
  readonly file: ScratchFile;
  readonly compression: EngineCompression | null;
  readonly bytes: number;
}

export interface ReceivedStatement {
  readonly statement: Statement;
  /** without the rows of an INSERT */
  readonly text: ByteText;
  /** reads the rest of the body into a file; the caller removes it */
  storeRows(): Promise<StoredRows>;
  /** gives the body back, read or not */
  release(): Promise<void>;
}

export interface ReceiveOptions {
  readonly engine: Engine;
  readonly scratch: Scratch;
  /** of the rows, as they are stored */
  readonly maxBodyBytes: number;
  readonly unpack: Unpack;
}

/** Gives work of the engine, done before the statement is known, a place and a name. @throws ServerException 202, 216, 236 */
export type Unpack = (work: (query: RunningQuery) => Promise<void>) => Promise<void>;

/** The engine's default of max_query_size: text that may come before any rows. */
const MAX_STATEMENT_BYTES = 262_144;
/** Whatever max_query_size says: the text is read and cut into tokens before the statement gets a place. */
const LARGEST_STATEMENT_BYTES = 1_048_576;

/**
 * Finds the statement of a request: in the address, in the body, or begun in the one and continued in the other.
 * Of a body only the statement's part is read; rows wait until `storeRows`.
 * @throws ServerException
 */
export async function receiveStatement(
  request: IncomingMessage,
  parameters: RequestParameters,
  options: ReceiveOptions,
): Promise<ReceivedStatement> {
  const compression = requestCompression(request.headers['content-encoding'], parameters);
  const prefix = toByteText(Buffer.from(parameters.query === '' ? '' : `${parameters.query}\n`));
  if (prefix !== '') {
    const statement = analyse(prefix);
    const isBodyOnlyRows = statement.kind === 'insert_data' && statement.dataStart >= prefix.length;
    // the engine decompresses the rows itself
    if (isBodyOnlyRows) return rowsInBody(statement, prefix, bodyOf(request), compression, options);
  }
  const body = await openDecoded(request, compression, options);
  try {
    return await statementInBody(prefix, body, parameters, options);
  } catch (thrown) {
    await body.release();
    throw thrown;
  }
}

function rowsInBody(
  statement: Statement,
  text: ByteText,
  body: BodySource,
  compression: EngineCompression | null,
  { scratch, maxBodyBytes }: ReceiveOptions,
): ReceivedStatement {
  return {
    statement,
    text,
    async storeRows() {
      const file = scratch.newFile('body');
      return {
        file,
        compression,
        bytes: await stored(file, Buffer.alloc(0), body, maxBodyBytes, compression),
      };
    },
    release: () => body.release(),
  };
}

async function statementInBody(
  prefix: ByteText,
  body: BodySource,
  parameters: RequestParameters,
  { scratch, maxBodyBytes }: ReceiveOptions,
): Promise<ReceivedStatement> {
  const limit = statementLimit(parameters);
  const head = await readHead(body, limit);
  const bytes = prefix === '' ? head.bytes : Buffer.concat([Buffer.from(prefix, 'latin1'), head.bytes]);
  const text = toByteText(bytes);
  const statement = analyse(text);
  if (statement.kind !== 'insert_data') {
    if (!head.isWhole || bytes.length > limit) throw statementTooLong(limit);
    return { statement, text, storeRows: noRows, release: () => body.release() };
  }
  const rows = bytes.subarray(statement.dataStart);
  return {
    statement,
    text: statement.head,
    async storeRows() {
      const file = scratch.newFile('body');
      return {
        file,
        compression: null,
        bytes: await stored(file, rows, head.isWhole ? null : body, maxBodyBytes),
      };
    },
    release: () => body.release(),
  };
}

async function stored(
  file: ScratchFile,
  rows: Buffer,
  rest: BodySource | null,
  maxBytes: number,
  compression: EngineCompression | null = null,
): Promise<number> {
  try {
    const bytes = await writeBody(rows, rest, file, maxBytes);
    if (compression) await requireWholeFrames(file.path, compression);
    return bytes;
  } catch (thrown) {
    await file.remove();
    throw thrown;
  }
}

function noRows(): never {
  throw new Error('only an INSERT has rows');
}

function statementLimit({ settings }: RequestParameters): number {
  const asked = Number(settings.get('max_query_size') ?? MAX_STATEMENT_BYTES);
  if (!Number.isInteger(asked) || asked < 0) return MAX_STATEMENT_BYTES;
  return asked === 0 ? LARGEST_STATEMENT_BYTES : Math.min(asked, LARGEST_STATEMENT_BYTES);
}

function statementTooLong(limit: number): ServerException {
  const most = limit === LARGEST_STATEMENT_BYTES ? ', the most that this server takes' : '';
  const message = `Syntax error: Max query size exceeded (max_query_size = ${limit}${most})`;
  return new ServerException(62, 'SYNTAX_ERROR', message);
}

/** The statement itself is compressed: it has to be unpacked before anybody can read it. */
async function openDecoded(
  request: IncomingMessage,
  compression: EngineCompression | null,
  options: ReceiveOptions,
): Promise<BodySource> {
  if (compression === null) return bodyOf(request);
  const decoder = createDecoder(compression);
  if (decoder) return decodedBodyOf(request, decoder);
  return decodedByEngine(bodyOf(request), compression, options);
}

/** Node has no decoder for lz4 and xz, and none for zstd before version 22; the engine has. */
async function decodedByEngine(
  body: BodySource,
  compression: EngineCompression,
  { engine, scratch, maxBodyBytes, unpack }: ReceiveOptions,
): Promise<BodySource> {
  const packed = scratch.newFile('packed');
  const unpacked = scratch.newFile('unpacked');
  try {
    // a slow sender holds no place
    await writeBody(Buffer.alloc(0), body, packed, maxBodyBytes);
    await requireWholeFrames(packed.path, compression);
    await body.release();
    const source = `FROM INFILE ${literal(packed.path)} COMPRESSION ${literal(compression)}`;
    const statements = [
      'CREATE TEMPORARY TABLE unpacked (bytes String) ENGINE = Memory',
      `INSERT INTO unpacked ${source} FORMAT RawBLOB`,
      `SELECT bytes FROM unpacked INTO OUTFILE ${literal(unpacked.path)} FORMAT RawBLOB`,
    ];
    await unpack((query) => runNamed(engine, query, statements));
    const { size } = await stat(unpacked.path);
    if (size > maxBodyBytes) throw tooLarge(maxBodyBytes);
    unpacked.grow(size);
  } catch (thrown) {
    await unpacked.remove();
    throw thrown;
  } finally {
    await packed.remove();
  }
  const rows = createReadStream(unpacked.path, { highWaterMark: 262_144 });
  const source = sourceOf(rows);
  return {
    next: () => source.next(),
    async release() {
      rows.destroy();
      await unpacked.remove();
    },
  };
}

/** As KILL and system.processes know it: by the client's id. */
async function runNamed(
  engine: Engine,
  { marker, queryId, cancelled }: RunningQuery,
  statements: readonly string[],
): Promise<void> {
  const session = engine.openSession();
  try {
    const [idSetting] = OUTER_ID_SETTINGS;
    await session.run(`SET ${MARKER_SETTING} = ${literal(marker)}, ${idSetting} = ${literal(queryId)}`);
    for (const sql of statements) {
      // a KILL between two statements finds none of them
      if (cancelled.aborted) throw new ServerException(394, 'QUERY_WAS_CANCELLED', 'Query was cancelled');
      await session.run(sql);
    }
  } finally {
    session.close();
  }
}
