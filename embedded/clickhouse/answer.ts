import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { contentTypeOf } from './content-types.ts';
import type { AnswerEncoding } from './encodings.ts';
import { httpStatusOf, type ServerException } from './server-exception.ts';

/** Facts of a finished statement, for the summary header. */
export interface Summary {
  readonly readRows: number;
  readonly readBytes: number;
  readonly writtenRows: number;
  readonly writtenBytes: number;
  readonly elapsedMs: number;
}

export interface AnswerOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
  /** a client that takes nothing for this long is given up */
  readonly sendTimeoutMs: number;
}

/**
 * One answer on its way. Nothing is sent before 64 KiB have come together or the statement is done, so that an early
 * error still has a status of its own. A later error is written into the body behind the tag that the headers announced,
 * and the connection ends without the last chunk: no client can take it for a whole answer.
 */
export interface Answer {
  readonly bytes: number;
  /** false when the client went away or takes nothing any more */
  readonly isWanted: boolean;
  encodeWith(encoding: AnswerEncoding | null): void;
  setFormat(format: string): void;
  /** figures that are known before the first byte is sent */
  setSummary(summary: Summary): void;
  /** resolves when more may come */
  write(chunk: Uint8Array): Promise<void>;
  end(summary: Summary): Promise<void>;
  fail(exception: ServerException): Promise<void>;
}

const HOLD_BACK_BYTES = 65_536;
/** how long an error waits for a body that is still being sent; a client that writes does not read */
const DRAIN_REQUEST_MS = 3_000;

export function createAnswer(options: AnswerOptions): Answer {
  const { request, response, sendTimeoutMs } = options;
  const exceptionTag = randomBytes(8)
    .toString('hex')
    .replace(/[0-9]/g, (digit) => 'ghijklmnop'[Number(digit)]!);
  const held: Uint8Array[] = [];
  let bytes = 0;
  let format = 'TabSeparated';
  let encoding: AnswerEncoding | null = null;
  let summary: Summary | null = null;
  let isGivenUp = false;
  const isWanted = () => !isGivenUp && !response.destroyed && !response.writableEnded;

  const writeHead = (status: number, extra: Readonly<Record<string, string>>) => {
    response.writeHead(status, {
      ...options.headers,
      'X-ClickHouse-Format': format,
      'X-ClickHouse-Exception-Tag': exceptionTag,
      'Content-Type': contentTypeOf(format),
      ...(encoding ? { 'Content-Encoding': encoding.name } : {}),
      ...(summary ? { 'X-ClickHouse-Summary': summaryHeader(summary, bytes) } : {}),
      ...extra,
    });
    encoding?.stream.pipe(response);
  };
  const push = async (chunk: Uint8Array) => {
    const out = encoding?.stream ?? response;
    if (!isWanted() || out.write(chunk)) return;
    const isTaken = await happens(out, 'drain', response, sendTimeoutMs);
    if (!isTaken) isGivenUp = true;
  };
  const flush = async () => {
    for (const chunk of held.splice(0)) await push(chunk);
  };
  const finish = async () => {
    if (!isWanted()) return void response.destroy();
    const finished = happens(response, 'finish', response, sendTimeoutMs);
    (encoding?.stream ?? response).end();
    if (!(await finished)) response.destroy();
  };
  const failEarly = async (exception: ServerException) => {
    held.length = 0;
    encoding?.stream.destroy();
    encoding = null;
    format = 'TabSeparated';
    if (!request.complete) await drainRequest(request);
    if (!isWanted()) return;
    const text = `${exception.toText(options.version)}\n`;
    writeHead(httpStatusOf(exception.code), {
      'X-ClickHouse-Exception-Code': String(exception.code),
      'Content-Type': 'text/plain; charset=UTF-8',
      ...(httpStatusOf(exception.code) === 503 ? { 'Retry-After': '1' } : {}),
      ...(exception.code === 516 ? { 'WWW-Authenticate': 'Basic realm="ClickHouse server HTTP API"' } : {}),
      ...(request.complete ? {} : { Connection: 'close' }),
    });
    await push(Buffer.from(text));
    await finish();
  };
  const failLate = async (exception: ServerException) => {
    if (!isWanted()) return void response.destroy();
    await push(exceptionBlock(exceptionTag, exception.toText(options.version)));
    await handedOver(response, encoding, sendTimeoutMs);
    encoding?.stream.destroy();
    response.socket?.destroySoon();
  };
  return {
    get bytes() {
      return bytes;
    },
    get isWanted() {
      return isWanted();
    },
    encodeWith(chosen) {
      encoding = chosen;
    },
    setFormat(name) {
      format = name;
    },
    async write(chunk) {
      bytes += chunk.length;
      if (response.headersSent) return push(chunk);
      held.push(chunk);
      if (bytes < HOLD_BACK_BYTES) return;
      writeHead(200, {});
      await flush();
    },
    setSummary(known) {
      summary = known;
    },
    async end(known) {
      summary = known;
      if (!response.headersSent && isWanted()) writeHead(200, {});
      await flush();
      await finish();
    },
    fail: (exception) => (response.headersSent ? failLate(exception) : failEarly(exception)),
  };
}

/** true when the event came, false when the client left or the time was up. */
function happens(
  emitter: EventEmitter,
  event: string,
  response: ServerResponse,
  timeoutMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (outcome: boolean) => {
      clearTimeout(timer);
      emitter.off(event, onEvent);
      response.off('close', onClose);
      resolve(outcome);
    };
    const onEvent = () => settle(true);
    const onClose = () => settle(response.writableFinished);
    const timer = setTimeout(() => settle(false), timeoutMs);
    emitter.once(event, onEvent);
    response.once('close', onClose);
    if (response.closed) onClose();
  });
}

const POLL_MS = 5;

/** Waits until what was written has left this process: a connection that is cut takes along what it still holds. */
async function handedOver(
  response: ServerResponse,
  encoding: AnswerEncoding | null,
  timeoutMs: number,
): Promise<void> {
  if (encoding) await new Promise<void>((resolve) => encoding.stream.flush(resolve));
  const held = () => response.writableLength + (encoding?.stream.readableLength ?? 0);
  const deadlineMs = performance.now() + timeoutMs;
  while (held() > 0 && !response.closed && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The form that clients look for since 25.11; the length counts the line end behind the text. */
function exceptionBlock(tag: string, text: string): Buffer {
  const length = Buffer.byteLength(text) + 1;
  return Buffer.from(`\r\n__exception__\r\n${tag}\r\n${text}\n${length} ${tag}\r\n__exception__\r\n`);
}

/** Lets a sender finish that has not seen yet that its request failed; it would not read the answer before. */
async function drainRequest(request: IncomingMessage): Promise<void> {
  request.resume();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, DRAIN_REQUEST_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    request.once('end', done).once('close', done);
    if (request.closed || request.readableEnded) done();
  });
}

function summaryHeader(summary: Summary, resultBytes: number): string {
  return JSON.stringify({
    read_rows: String(summary.readRows),
    read_bytes: String(summary.readBytes),
    written_rows: String(summary.writtenRows),
    written_bytes: String(summary.writtenBytes),
    total_rows_to_read: '0',
    result_rows: '0',
    result_bytes: String(resultBytes),
    elapsed_ns: String(Math.round(summary.elapsedMs * 1e6)),
  });
}
