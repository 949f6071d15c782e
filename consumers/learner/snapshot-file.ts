import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { type DecodedSnapshot, decodeSnapshot, encodeTrailer } from './snapshot-codec.ts';

/** Summing this much holds the process up for less than a millisecond. */
const CHUNK_BYTES = 512 * 1024;

/**
 * Writes aside, forces to disk, renames, forces the rename to disk: a crash leaves the file whole or not there.
 * @returns its size in bytes
 */
export async function writeSnapshotFile(path: string, pieces: readonly Uint8Array[]): Promise<number> {
  const aside = `${path}.new`;
  let sum = 0;
  let bytes = 0;
  try {
    await withFile(aside, 'w', async (file) => {
      for (const piece of pieces) {
        for (let at = 0; at < piece.length; at += CHUNK_BYTES) {
          const chunk = piece.subarray(at, at + CHUNK_BYTES);
          sum = crc32(chunk, sum);
          bytes += chunk.length;
          await writeAll(file, chunk);
        }
      }
      const trailer = encodeTrailer(sum);
      bytes += trailer.length;
      await writeAll(file, trailer);
      await file.sync();
    });
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await withFile(dirname(path), 'r', (folder) => folder.sync());
  return bytes;
}

/** @throws ReelstreamError `bad_data` when it is not whole */
export async function readSnapshotFile<M>(path: string): Promise<DecodedSnapshot<M>> {
  return withFile(path, 'r', async (file) => {
    const { size } = await file.stat();
    // memory of its own, aligned; readFile stops at 2 GB
    const bytes = Buffer.from(new ArrayBuffer(size));
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(bytes, at, Math.min(size - at, 2 ** 28), at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return decodeSnapshot<M>(bytes);
  });
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
  }
}

async function withFile<T>(path: string, flags: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
