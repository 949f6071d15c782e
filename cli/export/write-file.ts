import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';

export interface WrittenFile {
  readonly bytes: number;
  /** hex */
  readonly sha256: string;
}

/**
 * Streams into `<path>.partial` and renames it when it is whole and on disk: a file under its own name is never half.
 * @param watch sees every chunk; what it throws ends the file
 */
export async function writeWhole(
  path: string,
  content: Readable | Iterable<Buffer>,
  watch: (chunk: Buffer) => void = () => {},
): Promise<WrittenFile> {
  const partial = `${path}.partial`;
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(partial, 'w');
  try {
    for await (const chunk of content as AsyncIterable<Buffer>) {
      watch(chunk);
      hash.update(chunk);
      bytes += chunk.length;
      await file.writeFile(chunk);
    }
    await file.sync();
    await file.close();
    await rename(partial, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** The new name is on disk only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
