import { Transform } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { ByteBudget, Source, SourceFile } from './source.ts';

/** Text shrinks to a fifth, rarely to a twentieth; deflate can promise a thousandth. */
const MAX_RATIO = 200;
/** An entry below this is harmless at any ratio. */
const SMALL_BYTES = 1_000_000;
const MAX_ENTRIES = 10_000;

export interface ZipOptions {
  readonly budget: ByteBudget;
  /** shown instead of the path, where the archive was fetched */
  readonly label?: string;
  readonly revision?: string | null;
  /** after the archive is closed */
  readonly onClose?: () => Promise<void>;
}

/**
 * A zip archive on disk; its entries are read one at a time, never unpacked. The whole directory is checked before anything
 * is read: an archive with a name that leads outside, an encrypted entry, a name twice, too many entries, or sizes beyond
 * the budget or a plausible ratio is refused. The sizes it states are enforced while an entry is read.
 * @throws ReelstreamError `bad_data` for such an archive or none at all
 */
export async function zipSource(path: string, options: ZipOptions): Promise<Source> {
  const label = options.label ?? path;
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false, strictFileNames: true }).catch(
    async (error: Error) => {
      await options.onClose?.();
      return refuse(label, `it is no whole zip archive (${error.message})`, error);
    },
  );
  const close = async () => {
    zip.close();
    await options.onClose?.();
  };
  try {
    const entries = await readDirectory(zip, label, options.budget.maxUnpackedBytes);
    const files = entries.map((entry) => zipFile(zip, entry, label));
    return { label, revision: options.revision ?? null, files, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readDirectory(zip: ZipFile, label: string, maxUnpackedBytes: number): Promise<Entry[]> {
  const byName = new Map<string, Entry>();
  let unpackedBytes = 0;
  if (zip.entryCount > MAX_ENTRIES)
    refuse(label, `it has ${zip.entryCount} entries, at most ${MAX_ENTRIES} are read`);
  try {
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName;
      if (entry.isEncrypted()) refuse(label, `${name} is encrypted`);
      if (byName.has(name)) refuse(label, `${name} is in it twice`);
      const { uncompressedSize: size, compressedSize: packed } = entry;
      if (size > SMALL_BYTES && size > packed * MAX_RATIO)
        refuse(
          label,
          `${name} unpacks to ${Math.round(size / packed)} times its size, at most ${MAX_RATIO} are credible`,
        );
      unpackedBytes += size;
      if (unpackedBytes > maxUnpackedBytes)
        refuse(
          label,
          `it unpacks to more than ${maxUnpackedBytes} bytes (REELSTREAM_CATALOG_MAX_UNPACKED_MB)`,
        );
      byName.set(name, entry);
    }
  } catch (error) {
    if (error instanceof ReelstreamError) throw error;
    refuse(label, (error as Error).message, error);
  }
  return [...byName.values()].filter(({ fileName }) => !fileName.endsWith('/'));
}

function zipFile(zip: ZipFile, entry: Entry, label: string): SourceFile {
  return {
    path: entry.fileName,
    bytes: entry.uncompressedSize,
    async open() {
      const fail = (error: Error) =>
        new ReelstreamError('bad_data', `${label}: ${entry.fileName} cannot be unpacked: ${error.message}`, {
          cause: error,
        });
      const packed = await zip.openReadStreamPromise(entry).catch((error: Error) => {
        throw fail(error);
      });
      let sum = 0;
      const read = new Transform({
        transform(chunk: Buffer, _, done) {
          sum = crc32(chunk, sum);
          done(null, chunk);
        },
        flush: (done) => done(sum === entry.crc32 ? null : fail(new Error('its checksum does not fit'))),
      });
      packed.on('error', (error) => read.destroy(fail(error)));
      read.on('close', () => packed.destroy());
      return packed.pipe(read);
    },
  };
}

function refuse(label: string, problem: string, cause?: unknown): never {
  throw new ReelstreamError('bad_data', `${label} is not read: ${problem}`, {
    ...(cause === undefined ? {} : { cause: toReelstreamError(cause) }),
  });
}
