import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ReelstreamError } from '../../core/errors.ts';
import { encodeFrame, FILE_MAGIC } from './frame.ts';
import { type LedgerFooter, type LedgerHeader, type LedgerWriter, ledgerFileOf } from './ledger.ts';
import { createStatementBuffer } from './statement-buffer.ts';

/**
 * Creates the ledger of one worker, durable with its header when this resolves. `path` is the run's, the file may be another:
 * see `ledgerFileOf`.
 * @throws ReelstreamError `usage` when there is a ledger of that name already, or the file cannot be made
 */
export async function openLedgerWriter(path: string, header: LedgerHeader): Promise<LedgerWriter> {
  const { worker, workers } = header;
  // a reader takes `path` for the whole run, or else `path.0` and its like
  await refuseExisting(workers === 1 ? ledgerFileOf(path, 0, 2) : path);
  const filePath = ledgerFileOf(path, worker, workers);
  const file = await create(filePath);
  const buffer = createStatementBuffer(workers);
  // one write after the other, and none behind one that failed: it may have left half a frame
  let written = append(file, filePath, [FILE_MAGIC, encodeFrame('header', json(header))]);
  await written;

  const write = (frames: Buffer[]): Promise<void> => {
    written = written.then(() => append(file, filePath, frames));
    // whoever called waits for it; a later call rejects with the same
    written.catch(() => undefined);
    return written;
  };
  return {
    fault: buffer.fault,
    overloaded: buffer.overloaded,
    checkpoint: (next, failed) => write(buffer.checkpoint(next, failed)),
    async close(footer: LedgerFooter) {
      try {
        await write([...buffer.take(), encodeFrame('footer', json(footer))]);
      } finally {
        await file.close();
      }
    },
  };
}

async function refuseExisting(path: string): Promise<void> {
  try {
    await (await open(path, 'r')).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw unusable(path, error);
  }
  throw exists(path);
}

/** The name is made durable too: a ledger that is gone after a power cut could not even be missed. */
async function create(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'wx');
    const folder = await open(dirname(path), 'r');
    await folder.sync();
    await folder.close();
    return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw exists(path);
    throw unusable(path, error);
  }
}

async function append(file: FileHandle, path: string, frames: readonly Buffer[]): Promise<void> {
  try {
    await file.appendFile(Buffer.concat(frames));
    await file.datasync();
  } catch (cause) {
    const because = cause instanceof Error ? cause.message : String(cause);
    // trying again would append behind half a frame
    throw new ReelstreamError('unavailable', `the ledger ${path} cannot be written on: ${because}`, {
      cause,
      retryable: false,
    });
  }
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8');
}

function exists(path: string): ReelstreamError {
  return new ReelstreamError('usage', `${path} exists, and a ledger is never overwritten: name another file`);
}

function unusable(path: string, cause: unknown): ReelstreamError {
  const because = cause instanceof Error ? cause.message : String(cause);
  return new ReelstreamError('usage', `no ledger can be written to ${path}: ${because}`, { cause });
}
