import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createGunzip,
  createGzip,
  createInflate,
} from 'node:zlib';
import type { RequestParameters } from './request-parameters.ts';
import { ServerException } from './server-exception.ts';

/** Compression that the engine reads from a file by itself. */
export type EngineCompression = 'gzip' | 'deflate' | 'br' | 'zstd' | 'lz4' | 'xz';

const REQUEST_CODINGS: Readonly<Record<string, EngineCompression>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
  lz4: 'lz4',
  xz: 'xz',
};

/**
 * How the body is compressed; null = as it is.
 * @throws ServerException 48 for what neither Node nor the engine can read
 */
export function requestCompression(
  header: string | undefined,
  parameters: RequestParameters,
): EngineCompression | null {
  refuseBlockFraming(parameters);
  const name = (header ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return null;
  const compression = REQUEST_CODINGS[name];
  if (compression) return compression;
  const known = Object.keys(REQUEST_CODINGS).join(', ');
  throw new ServerException(
    48,
    'NOT_IMPLEMENTED',
    `Unknown compression method '${name}'; supported: ${known}`,
  );
}

function refuseBlockFraming({ blockFraming }: RequestParameters): void {
  const instead = 'use Content-Encoding, or enable_http_compression=1 with Accept-Encoding';
  for (const name of ['request', 'response'] as const) {
    if (!blockFraming[name]) continue;
    const parameter = name === 'request' ? 'decompress=1' : 'compress=1';
    throw new ServerException(
      48,
      'NOT_IMPLEMENTED',
      `${parameter} (block framing) is not supported: ${instead}`,
    );
  }
}

/** Node's own decoder, or null where only the engine has one. */
export function createDecoder(compression: EngineCompression): Transform | null {
  switch (compression) {
    case 'gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return null;
  }
}

export interface AnswerEncoding {
  readonly name: string;
  /** `flush` brings out what was written so far */
  readonly stream: Transform & { flush(done: () => void): void };
}

/** Fast levels: the client is near, and the engine shares these cores. */
const BROTLI_OPTIONS = { params: { [constants.BROTLI_PARAM_QUALITY]: 2 } };
const ANSWER_ENCODERS: readonly (readonly [name: string, create: () => AnswerEncoding['stream']])[] = [
  ['gzip', () => createGzip({ level: 1 })],
  ['br', () => createBrotliCompress(BROTLI_OPTIONS)],
  ['deflate', () => createDeflate({ level: 1 })],
];

/** As on a server, an answer is compressed only where the client asked for it twice: by the setting and by the header. */
export function answerEncoding(
  acceptEncoding: string | undefined,
  parameters: RequestParameters,
): AnswerEncoding | null {
  if (!parameters.compressResponse) return null;
  const accepted = new Set(
    (acceptEncoding ?? '')
      .split(',')
      .filter((item) => !/;\s*q=0(\.0*)?\s*$/.test(item))
      .map((item) => item.split(';')[0]!.trim().toLowerCase()),
  );
  const found = ANSWER_ENCODERS.find(([name]) => accepted.has(name));
  return found ? { name: found[0], stream: found[1]() } : null;
}
