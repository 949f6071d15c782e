import { type FileHandle, open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import type { ScratchFile } from './scratch.ts';
import { ServerException, toServerException } from './server-exception.ts';

/** A body, read once from front to back. */
export interface BodySource {
  /** null at the end; @throws ServerException when the body is not whole */
  next(): Promise<Buffer | null>;
  /** leaves the rest to whoever comes next, and the connection open */
  release(): Promise<void>;
}

/** Gathered before a write: one write per socket read would cost more than the bytes. */
const WRITE_BYTES = 1_048_576;

export function bodyOf(request: IncomingMessage): BodySource {
  // an aborted request is reported by the iterator; without a listener the same error would end the process
  request.on('error', () => undefined);
  return sourceOf(request);
}

/** The same body through a decompressor. */
export function decodedBodyOf(request: IncomingMessage, decoder: Transform): BodySource {
  request.on('error', () => undefined);
  request.once('close', () => {
    if (!request.complete) decoder.destroy(new Error('the sender went away'));
  });
  request.pipe(decoder);
  const source = sourceOf(decoder);
  return {
    next: () => source.next(),
    async release() {
      request.unpipe(decoder);
      decoder.destroy();
    },
  };
}

export function sourceOf(stream: Readable): BodySource {
  const chunks = stream.iterator({ destroyOnReturn: false });
  return {
    async next() {
      try {
        const step = await chunks.next();
        return step.done ? null : (step.value as Buffer);
      } catch (cause) {
        throw notWhole(cause);
      }
    },
    async release() {
      await chunks.return?.();
    },
  };
}

function notWhole(cause: unknown): ServerException {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code?.startsWith('Z_') || code?.startsWith('ERR_') === true) {
    if (code !== 'ERR_STREAM_PREMATURE_CLOSE') {
      return new ServerException(
        354,
        'ZLIB_INFLATE_FAILED',
        `The request body cannot be decompressed: ${message}`,
      );
    }
  }
  return new ServerException(33, 'CANNOT_READ_ALL_DATA', `The request body is not whole: ${message}`);
}

export interface BodyHead {
  readonly bytes: Buffer;
  /** true when there is nothing behind the head */
  readonly isWhole: boolean;
}

/** Reads until `maxBytes` are there or the body ends; the last chunk may go beyond. */
export async function readHead(source: BodySource, maxBytes: number): Promise<BodyHead> {
  const chunks: Buffer[] = [];
  for (let length = 0; length < maxBytes; ) {
    const chunk = await source.next();
    if (chunk === null) return { bytes: Buffer.concat(chunks), isWhole: true };
    chunks.push(chunk);
    length += chunk.length;
  }
  return { bytes: Buffer.concat(chunks), isWhole: false };
}

/**
 * Writes a body into a file, whole, before the engine sees any of it: a body that is cut writes nothing.
 * @returns bytes written
 * @throws ServerException when the body ends early or is longer than `maxBytes`
 */
export async function writeBody(
  beginning: Buffer,
  rest: BodySource | null,
  file: ScratchFile,
  maxBytes: number,
): Promise<number> {
  const handle = await open(file.path, 'wx', 0o600);
  let written = 0;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const take = async (chunk: Buffer) => {
    written += chunk.length;
    if (written > maxBytes) throw tooLarge(maxBytes);
    file.grow(chunk.length);
    pending.push(chunk);
    pendingBytes += chunk.length;
    if (pendingBytes < WRITE_BYTES) return;
    await writeAll(handle, pending);
    pending = [];
    pendingBytes = 0;
  };
  try {
    if (beginning.length > 0) await take(beginning);
    for (let chunk = await rest?.next(); chunk; chunk = await rest?.next()) await take(chunk);
    if (pendingBytes > 0) await writeAll(handle, pending);
    return written;
  } catch (thrown) {
    throw toServerException(thrown);
  } finally {
    await handle.close();
  }
}

/** writev may write less than it was given (a full disk, a signal). */
async function writeAll(handle: FileHandle, chunks: readonly Buffer[]): Promise<void> {
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const { bytesWritten } = await handle.writev([...chunks]);
  if (bytesWritten < total) await handle.appendFile(Buffer.concat(chunks).subarray(bytesWritten));
}

export function tooLarge(maxBytes: number): ServerException {
  const message = `The request body is larger than the ${maxBytes} bytes that this server takes`;
  return new ServerException(229, 'QUERY_IS_TOO_LARGE', message);
}
