import { type FileHandle, open } from 'node:fs/promises';
import { ServerException } from './server-exception.ts';

/** Bytes that are looked at to find the statement; what follows goes to a file unseen. The engine's own default (max_query_size). */
export const STATEMENT_BYTES = 262_144;

/** A body whose beginning is known and whose rest still stands in the socket. */
export interface BodyStart {
  readonly head: Buffer;
  /** null when the head is all */
  readonly rest: AsyncIterator<Buffer> | null;
}

/** @throws ServerException when the sender goes away first */
export async function readStart(source: AsyncIterable<Buffer>, bytes = STATEMENT_BYTES): Promise<BodyStart> {
  const chunks: Buffer[] = [];
  const rest = source[Symbol.asyncIterator]();
  for (let length = 0; length < bytes; ) {
    const step = await pull(rest);
    if (step.done) return { head: Buffer.concat(chunks), rest: null };
    chunks.push(step.value);
    length += step.value.length;
  }
  return { head: Buffer.concat(chunks), rest };
}

async function pull(source: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer>> {
  try {
    return await source.next();
  } catch (cause) {
    if (cause instanceof ServerException) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServerException(33, 'CANNOT_READ_ALL_DATA', `The request body is not whole: ${reason}`);
  }
}

/**
 * Writes the body from `offset` on into `path`, whole, before any engine sees it: a body that is cut writes nothing.
 * @returns bytes written
 * @throws ServerException when the body ends early or is longer than `maxBytes`
 */
export async function writeBody(
  start: BodyStart,
  offset: number,
  path: string,
  maxBytes: number,
): Promise<number> {
  const file = await open(path, 'wx', 0o600);
  try {
    let written = await append(file, start.head.subarray(offset), 0, maxBytes);
    while (start.rest) {
      const step = await pull(start.rest);
      if (step.done) break;
      written += await append(file, step.value, written, maxBytes);
    }
    return written;
  } finally {
    await file.close();
  }
}

async function append(file: FileHandle, chunk: Buffer, written: number, maxBytes: number): Promise<number> {
  if (written + chunk.length > maxBytes) throw tooLarge(maxBytes);
  if (chunk.length > 0) await file.writeFile(chunk);
  return chunk.length;
}

export function tooLarge(maxBytes: number): ServerException {
  const message = `The request body is larger than the ${maxBytes} bytes that this server takes`;
  return new ServerException(229, 'QUERY_IS_TOO_LARGE', message);
}
