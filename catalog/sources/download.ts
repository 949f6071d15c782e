import { open } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import { ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';

/** What a server gave for one request. */
export type RemoteAnswer =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'body';
      readonly body: AsyncIterable<Uint8Array>;
      /** 0 when the server starts over */
      readonly fromByte: number;
      readonly totalBytes: number | null;
      readonly revision: string | null;
    };

export interface RemoteRequest {
  /** answer `unchanged` while it is still this one */
  readonly unlessRevision?: string | null;
  /** the rest of an interrupted download, if it is still the same revision */
  readonly resume?: { readonly fromByte: number; readonly revision: string };
  readonly signal: AbortSignal;
}

/** One object on a server. Errors that a later try may not meet are `unavailable`. */
export interface RemoteObject {
  readonly label: string;
  get(request: RemoteRequest): Promise<RemoteAnswer>;
}

export interface DownloadOptions {
  readonly maxBytes: number;
  readonly unlessRevision?: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onBytes?: (bytes: number, totalBytes: number | null) => void;
  /** of the whole command */
  readonly signal?: AbortSignal;
  readonly stallTimeoutMs?: number;
  readonly pauseMs?: number;
}

export type Downloaded =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'file'; readonly revision: string | null };

const ATTEMPTS = 4;
/** A server that sends nothing for this long is taken for gone. */
const STALL_TIMEOUT_MS = 30_000;
const PAUSE_MS = 500;

/**
 * Fetches an object into a file, which holds all of it when this resolves. A broken connection is taken up again where it
 * broke, as long as the server still has the same revision; otherwise from the beginning.
 * @throws ReelstreamError `unavailable` after four tries, `bad_data` beyond `maxBytes`, `usage` when the server refuses
 */
export async function download(
  remote: RemoteObject,
  target: string,
  options: DownloadOptions,
): Promise<Downloaded> {
  const { clock, logger, signal, pauseMs = PAUSE_MS } = options;
  const file = await open(target, 'w');
  const progress: Progress = { bytes: 0, totalBytes: null, revision: null };
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return await fetchOnce(remote, file, progress, options);
      } catch (thrown) {
        const error = toReelstreamError(thrown);
        signal?.throwIfAborted();
        if (error.code !== 'unavailable') throw error;
        if (error.details.changed) progress.bytes = 0;
        if (attempt === ATTEMPTS) throw cut(remote.label, progress, error);
        logger.warn(
          { attempt, bytes: progress.bytes, error: error.message },
          'download interrupted, trying again',
        );
        await clock.sleep(pauseMs * 2 ** (attempt - 1), signal);
      }
    }
  } finally {
    await file.close();
  }
}

interface Progress {
  bytes: number;
  totalBytes: number | null;
  revision: string | null;
}

async function fetchOnce(
  remote: RemoteObject,
  file: Awaited<ReturnType<typeof open>>,
  progress: Progress,
  { maxBytes, onBytes, unlessRevision, signal, stallTimeoutMs = STALL_TIMEOUT_MS }: DownloadOptions,
): Promise<Downloaded> {
  const watch = stallWatch(stallTimeoutMs, signal);
  try {
    const { bytes: fromByte, revision } = progress;
    const answer = await remote.get({
      signal: watch.signal,
      ...(fromByte > 0 && revision
        ? { resume: { fromByte, revision } }
        : { unlessRevision: unlessRevision ?? null }),
    });
    if (answer.kind === 'unchanged') return { kind: 'unchanged' };
    if (answer.totalBytes !== null && answer.totalBytes > maxBytes) throw tooLarge(remote.label, maxBytes);
    progress.bytes = answer.fromByte;
    progress.totalBytes = answer.totalBytes;
    progress.revision = answer.revision;
    await file.truncate(answer.fromByte);
    for await (const chunk of answer.body) {
      watch.alive();
      if (progress.bytes + chunk.byteLength > maxBytes) throw tooLarge(remote.label, maxBytes);
      await store(file, chunk, progress.bytes, remote.label);
      progress.bytes += chunk.byteLength;
      onBytes?.(progress.bytes, progress.totalBytes);
    }
    if (progress.totalBytes !== null && progress.bytes !== progress.totalBytes)
      throw new ReelstreamError('unavailable', 'the connection ended early');
    return { kind: 'file', revision: answer.revision };
  } catch (thrown) {
    if (thrown instanceof ReelstreamError) throw thrown;
    // whatever breaks a body in the middle, it is the connection
    throw new ReelstreamError('unavailable', watch.reason() ?? messageOf(thrown), { cause: thrown });
  } finally {
    watch.stop();
  }
}

/** A disk that is full is no broken connection: trying again would fetch in vain. */
async function store(
  file: Awaited<ReturnType<typeof open>>,
  chunk: Uint8Array,
  at: number,
  label: string,
): Promise<void> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new ReelstreamError('settings', `${label} cannot be kept below REELSTREAM_HOME: ${why}`, { cause });
  };
  const { bytesWritten } = await file
    .write(chunk, 0, chunk.byteLength, at)
    .catch((error: Error) => refuse(error.message, error));
  if (bytesWritten < chunk.byteLength) refuse('no space left on device');
}

/** Aborts when nothing came for a while. */
function stallWatch(timeoutMs: number, outer: AbortSignal | undefined) {
  const controller = new AbortController();
  let stalled = false;
  const arm = () =>
    setTimeout(() => {
      stalled = true;
      controller.abort();
    }, timeoutMs);
  let timer = arm();
  return {
    signal: outer ? AbortSignal.any([controller.signal, outer]) : controller.signal,
    alive() {
      clearTimeout(timer);
      timer = arm();
    },
    reason: () => (stalled ? `nothing came for ${timeoutMs / 1_000} s` : null),
    stop: () => clearTimeout(timer),
  };
}

function cut(label: string, { bytes, totalBytes }: Progress, last: ReelstreamError): ReelstreamError {
  const got = bytes === 0 ? '' : ` after ${bytes} of ${totalBytes ?? 'unknown'} bytes`;
  return new ReelstreamError(
    'unavailable',
    `${label} could not be fetched${got}, ${ATTEMPTS} tries: ${last.message}; the catalogue in use stays`,
    { cause: last },
  );
}

function tooLarge(label: string, maxBytes: number): ReelstreamError {
  return new ReelstreamError(
    'bad_data',
    `${label} is larger than ${maxBytes} bytes (REELSTREAM_CATALOG_MAX_DOWNLOAD_MB)`,
  );
}

/** fetch says "fetch failed" and hides why in the cause. */
function messageOf(thrown: unknown): string {
  const { message, cause } = thrown as { message?: string; cause?: unknown };
  return cause instanceof Error && cause.message !== '' ? cause.message : (message ?? String(thrown));
}
