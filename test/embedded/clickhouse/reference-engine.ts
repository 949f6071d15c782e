import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { queryAsync } from 'chdb';

/** Bytes as the engine itself makes them, in one document, without any HTTP between. */
export async function referenceBytes(sql: string, format: string): Promise<Buffer> {
  const result = await queryAsync(sql, { format });
  return Buffer.from(result.bytes());
}

/** Compressed by the engine: Node 20 has no encoder for zstd and lz4. */
export function compressed(bytes: Buffer, method: 'gzip' | 'br' | 'zstd' | 'lz4'): Promise<Buffer> {
  return compressedText(`unhex('${bytes.toString('hex')}')`, method);
}

/** The value of an expression, for bodies too large to come from here. */
export async function compressedText(
  expression: string,
  method: 'gzip' | 'br' | 'zstd' | 'lz4',
): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'reelstream-packed-'));
  const file = join(folder, 'packed');
  try {
    const output = `INTO OUTFILE '${file}' COMPRESSION '${method}' FORMAT RawBLOB`;
    await queryAsync(`SELECT ${expression} ${output} SETTINGS max_query_size = 0`, {});
    return readFileSync(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
