import { type FileHandle, open } from 'node:fs/promises';
import type { EngineCompression } from './encodings.ts';
import { ServerException } from './server-exception.ts';

/** Reads `length` bytes of the file; fewer are an end that came too early. */
type ReadAt = (at: number, length: number) => Promise<Buffer>;
/** Walks over one frame, block by block; resolves with the offset behind it. */
type SkipFrame = (read: ReadAt, start: number) => Promise<number>;

const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;
const CHECKSUM_BYTES = 4;
const FRAMES: Readonly<Partial<Record<EngineCompression, { magic: number; skip: SkipFrame }>>> = {
  zstd: { magic: 0xfd2fb528, skip: skipZstdFrame },
  lz4: { magic: 0x184d2204, skip: skipLz4Frame },
};

/**
 * The engine takes a zstd or lz4 file that was cut for a short one and writes the rows it got. So the frames are walked
 * over first: each needs its last block, its end mark and, where announced, its checksum, and the file ends with a frame.
 * gzip, deflate, br and xz the engine refuses itself when they are cut.
 * @throws ServerException 33 when the file is cut, 354 when it is no such file
 */
export async function requireWholeFrames(path: string, compression: EngineCompression): Promise<void> {
  const format = FRAMES[compression];
  if (!format) return;
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const read = readerOf(file, size);
    let at = 0;
    do {
      const magic = (await read(at, MAGIC_BYTES)).readUInt32LE();
      if (magic === format.magic) at = await format.skip(read, at + MAGIC_BYTES);
      else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
        at += 2 * MAGIC_BYTES + (await read(at + MAGIC_BYTES, 4)).readUInt32LE();
      } else throw broken(`no ${compression} frame at byte ${at}`);
      if (at > size) throw cut();
    } while (at < size);
  } finally {
    await file.close();
  }
}

function readerOf(file: FileHandle, size: number): ReadAt {
  return async (at, length) => {
    if (at + length > size) throw cut();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
    if (bytesRead < length) throw cut();
    return buffer;
  };
}

/** RFC 8878, section 3.1.1 */
async function skipZstdFrame(read: ReadAt, start: number): Promise<number> {
  const descriptor = (await read(start, 1))[0]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3]!;
  let at = start + 1 + (isSingleSegment ? 0 : 1) + dictionaryIdBytes + contentSizeBytes;
  for (;;) {
    const block = (await read(at, 3)).readUIntLE(0, 3);
    const [isLast, type, length] = [(block & 1) === 1, (block >> 1) & 3, block >> 3];
    if (type === 3) throw broken(`no zstd block at byte ${at}`);
    // a repeated byte stands there once
    at += 3 + (type === 1 ? 1 : length);
    if (isLast) return at + ((descriptor & 4) !== 0 ? CHECKSUM_BYTES : 0);
  }
}

/** lz4_Frame_format.md, version 1.6 */
async function skipLz4Frame(read: ReadAt, start: number): Promise<number> {
  const flags = (await read(start, 1))[0]!;
  const [hasBlockChecksum, hasSize, hasChecksum, hasDictionary] = [0x10, 8, 4, 1].map(
    (bit) => (flags & bit) !== 0,
  );
  let at = start + 3 + (hasSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  for (;;) {
    const length = (await read(at, 4)).readUInt32LE() & 0x7fffffff;
    at += 4;
    if (length === 0) return at + (hasChecksum ? CHECKSUM_BYTES : 0);
    at += length + (hasBlockChecksum ? CHECKSUM_BYTES : 0);
  }
}

function cut(): ServerException {
  return new ServerException(
    33,
    'CANNOT_READ_ALL_DATA',
    'The request body is not whole: its compressed data is cut short',
  );
}

function broken(reason: string): ServerException {
  return new ServerException(
    354,
    'ZLIB_INFLATE_FAILED',
    `The request body cannot be decompressed: ${reason}`,
  );
}
