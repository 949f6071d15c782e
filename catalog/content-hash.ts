import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { CatalogueFile } from './source-files.ts';

/** Raised when the same bytes would now give other rows, so that the next load is no no-op. */
const RULES_VERSION = 4;

export interface FileHash extends CatalogueFile {
  readonly sha256: string;
  readonly bytes: number;
}

/** SHA-256 and size of every file, by reading it whole. */
export async function hashFiles(
  files: readonly CatalogueFile[],
  onBytes: (file: CatalogueFile, bytes: number) => void,
): Promise<FileHash[]> {
  const hashed: FileHash[] = [];
  for (const one of files) {
    const reader = hashingReader(await one.file.open());
    for await (const chunk of reader.chunks) onBytes(one, chunk.byteLength);
    hashed.push({ ...one, ...reader.result() });
  }
  return hashed;
}

/** Passes the chunks of a stream on and hashes them on their way. */
export function hashingReader(stream: Readable): {
  readonly chunks: AsyncGenerator<Uint8Array>;
  result(): { sha256: string; bytes: number };
} {
  const hash: Hash = createHash('sha256');
  let bytes = 0;
  async function* pass() {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      yield chunk;
    }
  }
  return { chunks: pass(), result: () => ({ sha256: hash.digest('hex'), bytes }) };
}

/**
 * One hash for a catalogue: contents, what they are read as, the choices of the load and the loader's rules. Names and
 * places of files do not count: the same files in a folder, an archive or a bucket are the same catalogue.
 */
export function catalogueHash(
  files: readonly FileHash[],
  choices: Readonly<Record<string, unknown>>,
): string {
  const hash = createHash('sha256').update(`rules ${RULES_VERSION} ${JSON.stringify(choices)}\n`);
  for (const { role, sha256 } of files) hash.update(`${role} ${sha256}\n`);
  return hash.digest('hex');
}
