import {
  GetObjectCommand,
  type GetObjectCommandInput,
  type GetObjectCommandOutput,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { ReelstreamError } from '../../core/errors.ts';
import type { RemoteAnswer, RemoteObject, RemoteRequest } from './download.ts';

export interface S3Options {
  /** '' = Amazon's own for the region */
  readonly endpoint: string;
  readonly region: string;
  /** send no signature: public buckets */
  readonly anonymous: boolean;
  /** bucket in the path instead of the host name, as most servers other than Amazon's want it */
  readonly pathStyle: boolean;
  /** '' = wherever the AWS SDK looks: its environment variables, profile or role */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** One object of an S3 bucket. `close` frees the connections. */
export function s3Object(address: string, options: S3Options): RemoteObject & { close(): void } {
  const { bucket, key } = parseAddress(address);
  const client = createClient(options);
  const label = `s3://${bucket}/${key}`;
  return {
    label,
    close: () => client.destroy(),
    async get(request) {
      const { signal: abortSignal, ...rest } = request;
      try {
        const command = new GetObjectCommand({ Bucket: bucket, Key: key, ...conditions(rest) });
        return toAnswer(await client.send(command, { abortSignal }), request);
      } catch (error) {
        if (statusOf(error) === 304) return { kind: 'unchanged' };
        throw toRefusal(label, error);
      }
    },
  };
}

function parseAddress(address: string): { bucket: string; key: string } {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*[^/])$/.exec(address) ?? [];
  if (bucket && key) return { bucket, key };
  throw new ReelstreamError('usage', `${address} is no object of a bucket; write s3://bucket/key.zip`);
}

function createClient(options: S3Options): S3Client {
  const { accessKeyId, secretAccessKey } = options;
  if ((accessKeyId === '') !== (secretAccessKey === '')) {
    const missing = accessKeyId === '' ? 'REELSTREAM_S3_ACCESS_KEY_ID' : 'REELSTREAM_S3_SECRET_ACCESS_KEY';
    throw new ReelstreamError('settings', `${missing} is not set, and a key is both`);
  }
  return new S3Client({
    region: options.region,
    forcePathStyle: options.pathStyle,
    // tries are counted by the download itself
    maxAttempts: 1,
    // a range has no checksum of its own; sizes and the archive's checksums tell what is whole
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(options.endpoint === '' ? {} : { endpoint: options.endpoint }),
    ...(accessKeyId === '' ? {} : { credentials: { accessKeyId, secretAccessKey } }),
    ...(options.anonymous ? { signer: { sign: async (unsigned) => unsigned } } : {}),
  });
}

function conditions({
  resume,
  unlessRevision,
}: Omit<RemoteRequest, 'signal'>): Partial<GetObjectCommandInput> {
  if (resume) return { Range: `bytes=${resume.fromByte}-`, IfMatch: etagOf(resume.revision) };
  return unlessRevision ? { IfNoneMatch: etagOf(unlessRevision) } : {};
}

function toAnswer(
  { Body, ETag, ContentLength, ContentRange }: GetObjectCommandOutput,
  request: RemoteRequest,
): RemoteAnswer {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(ContentRange ?? '') ?? [];
  const fromByte = request.resume && start !== undefined ? Number(start) : 0;
  const totalBytes = total === undefined ? (ContentLength ?? null) : Number(total);
  return {
    kind: 'body',
    body: Body as AsyncIterable<Uint8Array>,
    fromByte,
    totalBytes,
    revision: ETag ? `etag ${ETag}` : null,
  };
}

function etagOf(revision: string): string {
  return revision.replace(/^etag /, '');
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

const KEYS = 'REELSTREAM_S3_ACCESS_KEY_ID and REELSTREAM_S3_SECRET_ACCESS_KEY';
const PLACE = 'REELSTREAM_S3_REGION and REELSTREAM_S3_ENDPOINT';

/** What S3's error codes are about, where it is a setting. */
const SETTING_OF: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: 'REELSTREAM_S3_ACCESS_KEY_ID',
  SignatureDoesNotMatch: 'REELSTREAM_S3_SECRET_ACCESS_KEY',
  InvalidToken: KEYS,
  ExpiredToken: KEYS,
  AccessDenied: `${KEYS}, or REELSTREAM_S3_ANONYMOUS=true for a public bucket`,
  PermanentRedirect: PLACE,
  AuthorizationHeaderMalformed: PLACE,
  IllegalLocationConstraintException: PLACE,
};

/** Errors by status, never by text. Without a status nobody answered. */
function toRefusal(label: string, error: unknown): ReelstreamError {
  const status = statusOf(error);
  const { name, message } = error as Error;
  if (name === 'CredentialsProviderError') {
    const way = 'set REELSTREAM_S3_ACCESS_KEY_ID, the AWS variables, or REELSTREAM_S3_ANONYMOUS=true';
    return new ReelstreamError('settings', `${label}: there are no S3 credentials; ${way}`, { cause: error });
  }
  const setting = SETTING_OF[name];
  if (setting) {
    throw new ReelstreamError('settings', `${label}: ${name}; check ${setting}`, { cause: error });
  }
  if (status === 412) {
    const details = { changed: true };
    return new ReelstreamError('unavailable', `${label} changed meanwhile`, { cause: error, details });
  }
  if (error instanceof S3ServiceException && status !== undefined && status < 500 && status !== 429) {
    return new ReelstreamError('usage', `${label}: ${name} (${status})`, { cause: error });
  }
  return new ReelstreamError('unavailable', `${label}: ${message}`, { cause: error });
}
