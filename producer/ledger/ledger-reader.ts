import { type FileHandle, open } from 'node:fs/promises';
import { ReelstreamError } from '../../core/errors.ts';
import { FILE_MAGIC, findFrame, MAX_PAYLOAD_BYTES, readFrame } from './frame.ts';
import type { LedgerFooter, LedgerHeader, StatementHandlers } from './ledger.ts';
import { createStatementDecoder } from './statement-decoder.ts';

export interface LedgerEnding {
  readonly header: LedgerHeader;
  /** null: the run was killed, or still runs */
  readonly footer: LedgerFooter | null;
  /** whole frames up to here */
  readonly trustedBytes: number;
  /** bytes behind them, which a write that was cut short left; what they would have said is not known */
  readonly tornBytes: number;
}

const CHUNK_BYTES = 256 * 1024;
/** A write is one checkpoint's statements; more bytes than this without one whole frame are no torn tail. */
const LONGEST_TAIL_BYTES = 8 * MAX_PAYLOAD_BYTES;

/**
 * Reads one ledger file as a stream and hands over everything up to its footer or its torn tail. Memory does not grow with
 * the file.
 * @throws ReelstreamError `usage` for a file that is not there or is no ledger; `bad_data`, naming the offset, when frames
 * stand behind damaged bytes: then the file was changed after it was written
 */
export async function readLedger(
  path: string,
  handlersFor: (header: LedgerHeader) => StatementHandlers,
): Promise<LedgerEnding> {
  const file = await openToRead(path);
  try {
    await requireMagic(file, path);
    return await readFrames(file, path, handlersFor);
  } finally {
    await file.close();
  }
}

async function readFrames(
  file: FileHandle,
  path: string,
  handlersFor: (header: LedgerHeader) => StatementHandlers,
): Promise<LedgerEnding> {
  const decoder = createStatementDecoder(handlersFor);
  // what a run that still goes on appends meanwhile is left for the next time
  const { size } = await file.stat();
  let trusted = FILE_MAGIC.length;
  let rest: Buffer = Buffer.alloc(0);
  let damaged = false;
  for await (const chunk of chunksFrom(file, trusted, size)) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      const frame = readFrame(rest, at);
      damaged = frame === 'damaged';
      if (typeof frame === 'string') break;
      decode(decoder.take, frame, path, trusted);
      trusted += frame.end - at;
      at = frame.end;
    }
    rest = rest.subarray(at);
    if (damaged) break;
  }
  if (size > trusted) await refuseFramesBehind(file, path, trusted, size);
  const { header, footer } = decoder;
  if (header === null)
    throw new ReelstreamError('bad_data', `${path} was cut short within its header: it says nothing`);
  return { header, footer, trustedBytes: trusted, tornBytes: size - trusted };
}

type Take = ReturnType<typeof createStatementDecoder>['take'];

function decode(take: Take, frame: Parameters<Take>[0], path: string, at: number): void {
  try {
    take(frame);
  } catch (cause) {
    const because = cause instanceof Error ? cause.message : String(cause);
    throw new ReelstreamError('bad_data', `${path}: the frame at byte ${at} makes no sense: ${because}`, {
      cause,
      details: { offset: at },
    });
  }
}

/** A crash leaves nothing behind the bytes that it cut short. */
async function refuseFramesBehind(file: FileHandle, path: string, at: number, size: number): Promise<void> {
  const tail = await readAt(file, at, Math.min(size - at, LONGEST_TAIL_BYTES));
  const next = findFrame(tail, 1);
  if (next === -1 && size - at <= LONGEST_TAIL_BYTES) return;
  const where = next === -1 ? 'no whole frame follows' : `whole frames follow from byte ${at + next}`;
  throw new ReelstreamError(
    'bad_data',
    `${path} is damaged at byte ${at} and this is no torn tail: ${where}. Nothing in it can be relied upon`,
    { details: { offset: at } },
  );
}

async function openToRead(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    const { message } = cause as Error;
    throw new ReelstreamError('usage', `the ledger ${path} cannot be read: ${message}`, { cause });
  }
}

async function requireMagic(file: FileHandle, path: string): Promise<void> {
  const found = await readAt(file, 0, FILE_MAGIC.length).catch((cause: unknown) => {
    throw new ReelstreamError('usage', `the ledger ${path} cannot be read: ${String(cause)}`, { cause });
  });
  if (found.equals(FILE_MAGIC)) return;
  throw new ReelstreamError('usage', `${path} is no ledger, or one of another version`);
}

async function* chunksFrom(file: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; at += CHUNK_BYTES) {
    yield await readAt(file, at, Math.min(CHUNK_BYTES, end - at));
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
