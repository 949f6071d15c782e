import { createHash, randomUUID } from 'node:crypto';
import { lstatSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { ReelstreamError } from '../../core/errors.ts';
import { ServerException } from './server-exception.ts';

/** A file of one request. Its bytes count against the budget until it is removed. */
export interface ScratchFile {
  readonly path: string;
  /** counted so far */
  readonly bytes: number;
  /** @throws ServerException 243 when the budget of all requests together is spent */
  grow(bytes: number): void;
  remove(): Promise<void>;
}

/** Short-lived files: bodies on their way in, answers that are held back. */
export interface Scratch {
  readonly folder: string;
  readonly usedBytes: number;
  readonly maxBytes: number;
  newFile(purpose: string): ScratchFile;
  close(): Promise<void>;
}

const MEMORY_FOLDER = '/dev/shm';
/** below this a memory-backed folder (64 MB in a plain container) would refuse honest inserts */
const MIN_FREE_BYTES = 1_000_000_000;

/** Memory-backed where the machine has room for it; always the same folder for the same data, so that a crash leaves nothing for ever. */
export function defaultScratchDir(dataDir: string): string {
  if (freeBytes(MEMORY_FOLDER) < MIN_FREE_BYTES) return join(dataDir, 'scratch');
  const key = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16);
  return join(MEMORY_FOLDER, `reelstream-clickhouse-${key}`);
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0; // no such folder on this system
  }
}

/**
 * Empties the folder and makes it anew. Call it only after the data folder is locked: two processes on one folder
 * would delete each other's bodies.
 * @throws ReelstreamError `settings` when somebody else owns the folder
 */
export function openScratch(folder: string, maxBytes: number): Scratch {
  refuseForeignFolder(folder);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let usedBytes = 0;
  return {
    folder,
    maxBytes,
    get usedBytes() {
      return usedBytes;
    },
    newFile(purpose) {
      const path = join(folder, `${purpose}-${randomUUID()}`);
      let own = 0;
      return {
        path,
        get bytes() {
          return own;
        },
        grow(bytes) {
          if (usedBytes + bytes > maxBytes) {
            const message = `What all requests together hold in files is more than ${maxBytes} bytes; try again later`;
            throw new ServerException(243, 'NOT_ENOUGH_SPACE', message);
          }
          usedBytes += bytes;
          own += bytes;
        },
        async remove() {
          await rm(path, { force: true });
          usedBytes -= own;
          own = 0;
        },
      };
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** /dev/shm is open to everybody: a folder or link that another user put there is not ours to empty. */
function refuseForeignFolder(folder: string): void {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found || (found.isDirectory() && found.uid === userInfo().uid)) return;
  throw new ReelstreamError(
    'settings',
    `the scratch folder ${folder} belongs to somebody else; choose another`,
  );
}
