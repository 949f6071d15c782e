import { gunzipSync, gzipSync } from 'node:zlib';
import { Decompress as ZstdStream } from 'fzstd';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { compressSync, uncompressSync } from 'snappy';
import { ReelstreamError } from '../core/errors.ts';

/** Numbers of the record batch's attributes; 0 is none. Source: Kafka's message format. */
const GZIP = 1;
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;

/** What our own writer packs with; there is no zstd that packs among the libraries. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4';

const NUMBERS: Readonly<Record<Compression, number>> = { none: 0, gzip: GZIP, snappy: SNAPPY, lz4: LZ4 };

export const numberOfCodec = (compression: Compression): number => NUMBERS[compression];

/** Packs the records of one batch. Snappy as one raw block, which brokers and clients read beside Java's framing. */
export function compress(compression: Compression, plain: Buffer): Buffer {
  switch (compression) {
    case 'gzip':
      return gzipSync(plain);
    case 'snappy':
      return compressSync(plain);
    case 'lz4':
      return compressFrameSync(plain);
    case 'none':
      return plain;
  }
}

/**
 * A batch is at most `max.message.bytes` (about 1 MB) compressed, and real ones unpack to ten times that. A batch made to
 * blow up must not take the process down.
 */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

/** Java writes snappy in Xerial's framing: this magic, two int32 versions, then length-prefixed blocks. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

/**
 * Unpacks the records of one batch; other people's producers use any of the four codecs.
 * @throws ReelstreamError `bad_data` when the bytes are not what the codec number says, or unpack to more than 256 MB
 */
export function decompress(codec: number, packed: Buffer): Buffer {
  try {
    switch (codec) {
      case GZIP:
        return gunzipSync(packed, { maxOutputLength: MAX_UNPACKED_BYTES });
      case SNAPPY:
        return unpackSnappy(packed);
      case LZ4:
        // 255:1 is the most lz4 can do, so the batch limit bounds it
        return decompressFrameSync(packed);
      case ZSTD:
        return unpackZstd(packed);
      default:
        throw new Error('no such codec');
    }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ReelstreamError('bad_data', `batch with compression codec ${codec}: ${message}`, { cause });
  }
}

/** librdkafka and we write one raw block, Java a framed sequence of them. */
function unpackSnappy(packed: Buffer): Buffer {
  if (!packed.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return unpackSnappyBlock(packed);
  const blocks: Buffer[] = [];
  let at = XERIAL_HEADER_BYTES;
  while (at < packed.length) {
    const end = at + 4 + packed.readInt32BE(at);
    if (end > packed.length) throw new Error('snappy block cut short');
    blocks.push(unpackSnappyBlock(packed.subarray(at + 4, end)));
    at = end;
  }
  return Buffer.concat(blocks);
}

function unpackSnappyBlock(packed: Buffer): Buffer {
  return uncompressSync(packed, { asBuffer: true }) as Buffer;
}

/** Streamed, because the size in the header is optional and not to be trusted. */
function unpackZstd(packed: Buffer): Buffer {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const stream = new ZstdStream((chunk) => {
    bytes += chunk.length;
    if (bytes > MAX_UNPACKED_BYTES) throw new Error(`unpacks to more than ${MAX_UNPACKED_BYTES} bytes`);
    chunks.push(chunk);
  });
  stream.push(packed, true);
  return Buffer.concat(chunks);
}
